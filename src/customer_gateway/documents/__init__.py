"""How a vendor's document is read: records, rows, values, typed structs, forms, drift."""
