"""The Streamlit pages: two processes of one app."""
