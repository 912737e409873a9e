"""From the journal to the endpoint, once a day.

flush    the steps, in their order           days     which days have something to tell, and the bytes
post     one request                         answers  what an answer means
erasing  withdraw an ID at its endpoint      tidy     what is not kept for ever
"""
