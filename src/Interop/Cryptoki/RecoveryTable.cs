using System.Collections.Frozen;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// The one table of what a <c>CK_RV</c> asks of a client; docs/token-recovery.md shows it to people, and a test compares the two. What is not
/// listed is <see cref="Recovery.Fatal"/>: unknown codes, and vendors' codes, whose meaning only the vendor knows.
/// </summary>
public static class RecoveryTable
{
    private static readonly FrozenDictionary<ulong, Recovery> Rows = new Dictionary<ulong, Recovery>
    {
        [0x000] = Recovery.Success,      // CKR_OK
        [0x002] = Recovery.BackOff,      // CKR_HOST_MEMORY
        [0x031] = Recovery.BackOff,      // CKR_DEVICE_MEMORY
        [0x0B1] = Recovery.BackOff,      // CKR_SESSION_COUNT
        [0x0B3] = Recovery.NewSession,   // CKR_SESSION_HANDLE_INVALID: also what a session says whose token was pulled out (2.40, 5.1.8)
        [0x0B0] = Recovery.NewSession,   // CKR_SESSION_CLOSED
        [0x090] = Recovery.NewSession,   // CKR_OPERATION_ACTIVE: of a call that failed half-way
        [0x101] = Recovery.LogIn,        // CKR_USER_NOT_LOGGED_IN
        [0x060] = Recovery.LogIn,        // CKR_KEY_HANDLE_INVALID: private keys vanish from a session that was logged out
        [0x082] = Recovery.LogIn,        // CKR_OBJECT_HANDLE_INVALID: the same
        [0x032] = Recovery.Reinitialize, // CKR_DEVICE_REMOVED
        [0x0E0] = Recovery.Reinitialize, // CKR_TOKEN_NOT_PRESENT
        [0x003] = Recovery.Reinitialize, // CKR_SLOT_ID_INVALID
        [0x190] = Recovery.Reinitialize, // CKR_CRYPTOKI_NOT_INITIALIZED
        [0x005] = Recovery.Probe,        // CKR_GENERAL_ERROR
        [0x006] = Recovery.Probe,        // CKR_FUNCTION_FAILED
        [0x030] = Recovery.Probe,        // CKR_DEVICE_ERROR
        [0x0A0] = Recovery.NeverAgain,   // CKR_PIN_INCORRECT
        [0x0A4] = Recovery.NeverAgain,   // CKR_PIN_LOCKED
    }.ToFrozenDictionary();

    /// <summary>The codes that the table lists, with their rows.</summary>
    public static IReadOnlyDictionary<ulong, Recovery> Listed => Rows;

    /// <summary>The row of a code.</summary>
    public static Recovery Of(ulong code) => Rows.GetValueOrDefault(code, Recovery.Fatal);
}
