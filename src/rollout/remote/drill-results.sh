# Reads, and changes nothing.
# folder: of the results of drill-newest.sh
report since "$(stat -c %Y "$folder/since" 2>/dev/null || true)"
report_file last "$folder/last"
report_file success "$folder/success"
