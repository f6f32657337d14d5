"""Files of the hub that decide: values in, values out. What is loaded, written and told is not theirs."""
