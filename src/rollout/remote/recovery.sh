# Reads, and changes nothing.
report_file note "$home/recovery"
