{
  "target_defaults": {
    "cflags": ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-fvisibility=hidden"],
    "defines": ["_GNU_SOURCE"]
  },
  "targets": [
    {
      "target_name": "ovlfs",
      "sources": ["<!@(ls native-bindings/*.c)"],
      "defines": ["NAPI_VERSION=8", "_FILE_OFFSET_BITS=64"]
    },
    {
      "target_name": "launcher",
      "type": "executable",
      "product_name": "ovlfs",
      "sources": ["launcher/ovlfs.c"],
      "defines": [
        "OVLFS_NODE=\"<!(node -p process.execPath)\"",
        "OVLFS_VERSION=\"<!(node -p \"require('./package.json').version\")\""
      ]
    }
  ]
}
