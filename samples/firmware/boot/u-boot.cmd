# Picks a slot by the boot record in U-Boot's redundant environment; docs/spec/boot.md is normative.
#   mkimage -T script -d u-boot.cmd boot.scr
# The board defines fota_boot: it loads and verifies the image of slot ${fota_slot}, and starts it with fota.slot=${fota_slot} in its bootargs. If it returns, it failed.
# An environment that was lost has no order: both slots get a trial, and the record is made anew by the first saveenv (B-14).
if test -z "${BOOT_ORDER}"; then
  setenv BOOT_ORDER "A B"
  setenv BOOT_A_OK 0
  setenv BOOT_A_LEFT 3
  setenv BOOT_B_OK 0
  setenv BOOT_B_LEFT 3
fi

for slot in ${BOOT_ORDER}; do
  setenv fota_slot
  # A try is counted before the jump, or an image that hangs would be tried for ever. One that cannot be counted is not made.
  if test "${slot}" = "A"; then
    if test "${BOOT_A_OK}" = "1" && test "${BOOT_A_LEFT}" = "0"; then
      setenv fota_slot A
    elif test "${BOOT_A_OK}" = "0" && test "${BOOT_A_LEFT}" -ge 1 && test "${BOOT_A_LEFT}" -le 7; then
      setexpr BOOT_A_LEFT ${BOOT_A_LEFT} - 1
      if saveenv; then
        setenv fota_slot A
      fi
    fi
  fi
  if test "${slot}" = "B"; then
    if test "${BOOT_B_OK}" = "1" && test "${BOOT_B_LEFT}" = "0"; then
      setenv fota_slot B
    elif test "${BOOT_B_OK}" = "0" && test "${BOOT_B_LEFT}" -ge 1 && test "${BOOT_B_LEFT}" -le 7; then
      setexpr BOOT_B_LEFT ${BOOT_B_LEFT} - 1
      if saveenv; then
        setenv fota_slot B
      fi
    fi
  fi
  if test -n "${fota_slot}"; then
    run fota_boot
  fi
done

# Nothing could be started: what was exhausted is given its tries again, and the board starts anew rather than halt.
if test "${BOOT_A_OK}" = "0" && test "${BOOT_A_LEFT}" = "0"; then
  setenv BOOT_A_LEFT 3
fi
if test "${BOOT_B_OK}" = "0" && test "${BOOT_B_LEFT}" = "0"; then
  setenv BOOT_B_LEFT 3
fi
saveenv
reset
