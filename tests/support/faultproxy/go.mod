module instantexec.dev/faultproxy

go 1.22
