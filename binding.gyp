{
  "targets": [
    {
      "target_name": "ovlfs",
      "sources": ["<!@(ls native-bindings/*.c)"],
      "cflags": ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-fvisibility=hidden"],
      "defines": ["_GNU_SOURCE", "NAPI_VERSION=8", "_FILE_OFFSET_BITS=64"]
    }
  ]
}
