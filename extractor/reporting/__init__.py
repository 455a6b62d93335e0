"""From a finished run or a change under review to the one file that pages are drawn from."""
