"""What `devtel digest` does: fetch a week in short from `devtel serve`, and write it as text, Markdown or HTML.

fetch     one request -> a Week
lines     a Week -> lines of words and names
render    lines -> text, Markdown, HTML
"""
