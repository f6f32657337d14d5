"""The pages of the console behind the sign-in (工作页面): each shows something, and gives clicks to the writer."""
