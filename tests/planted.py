"""What a file may hold in its name or its comments, and what must never be run."""

PLANTED = "<script>window.planted = true</script><img src=x onerror='window.planted = true'>"
