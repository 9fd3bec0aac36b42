"""The studio's charts: a frame of `core.analysis` in, an Altair chart out, one file a chart.

Pages only draw them, with `st.altair_chart(chart, theme=None)`: every colour is chosen for the
white ground that the charts bring along, so they look the same in a dark page and in print. Every
chart is a single view and stretches to the width of its container, from a phone to a wide screen.
A frame without rows gives a chart that says so; none of the charts raises for it.
"""
