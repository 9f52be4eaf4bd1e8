# Sourced by build, demo and test: finds the .NET SDK and installs the Debian packages that are missing, saying so.
# shellcheck shell=bash

fota_say() { printf '\033[1m%s\033[0m\n' "$*"; }

fota_need_sdk() {
  if ! command -v dotnet >/dev/null 2>&1; then
    echo "Fota needs the .NET 10 SDK, and there is no 'dotnet' on PATH. Install it (https://dot.net) and run this again." >&2
    exit 1
  fi
  if ! dotnet --version >/dev/null 2>&1; then
    echo "Fota needs the .NET 10 SDK; 'dotnet --list-sdks' shows: $(dotnet --list-sdks | tr '\n' ' ')" >&2
    exit 1
  fi
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
}

# fota_need_packages NAME...: Debian packages, by root or with sudo.
fota_need_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "missing Debian packages: ${missing[*]}; install them as root (apt-get install ${missing[*]}) and run this again" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  fota_say "installing Debian packages: ${missing[*]}" >&2
  # The index may be missing (fresh machine) or old (the version it names is gone): update it first, and say why if that fails.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null || echo "apt-get update failed; trying with the index at hand" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    { echo "could not install: ${missing[*]}" >&2; exit 1; }
}

# The second TUF client and the authorisation server of the tests. A node that will do is left alone, wherever it is from; else Debian's is installed, with npm.
fota_need_node() {
  if ! { command -v npm && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 18 && b >= 17) || (a === 20 && b >= 5) || a > 20 ? 0 : 1)'; } >/dev/null 2>&1; then
    fota_need_packages nodejs npm
  fi
}

# fota_need_npm FOLDER: npm's packages of a folder, exactly those of its lock file, once. Nothing in them is run when they are installed.
fota_need_npm() {
  local folder=$1
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed" && return 0
  fota_need_node
  fota_say "installing npm packages: $folder" >&2
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel error >&2
  cp "$folder/package-lock.json" "$folder/node_modules/.installed"
}

# One compiler for all projects of a build, so that it and its analysers are made ready once, and not for each; it ends with the build, or with whoever began it.
fota_need_compiler() {
  [ -z "${FOTA_COMPILER:-}" ] || return 0
  export FOTA_COMPILER=fota-$$
  trap fota_end_compiler EXIT
}

fota_end_compiler() {
  local process
  for process in /proc/[0-9]*; do
    ! grep -qsxz -- "-pipename:$FOTA_COMPILER" "$process/cmdline" || kill "${process#/proc/}" 2>/dev/null || true
  done
}

FOTA_RUNTIME_PACKAGES=(softhsm2 opensc libsqlite3-0 libzstd1 libssl3 openssl tzdata)
# The linker of the agent, which is compiled ahead of time.
FOTA_BUILD_PACKAGES=(gcc libc6-dev zlib1g-dev)
FOTA_TEST_PACKAGES=("${FOTA_RUNTIME_PACKAGES[@]}" libsodium23 faketime libubootenv-tool grub-common curl postgresql)
FOTA_BENCH_PACKAGES=(zstd xdelta3 bsdiff casync zchunk time squashfs-tools e2fsprogs)
FOTA_INSTALL_BENCH_PACKAGES=(rauc swupdate dbus squashfs-tools cpio openssl time)
