using System.Collections.Frozen;

namespace Fota.Interop.Cryptoki;

/// <summary>A <c>CK_RV</c> with its name and the recovery it deserves.</summary>
/// <param name="Code">The value the module returned.</param>
public readonly record struct ReturnValue(ulong Code)
{
    private const ulong VendorDefined = 0x80000000;

    private static readonly FrozenDictionary<ulong, (string Name, Recovery Recovery)> Known = new Dictionary<ulong, (string, Recovery)>
    {
        [0x000] = ("CKR_OK", Recovery.Success),
        [0x001] = ("CKR_CANCEL", Recovery.Retry),
        [0x002] = ("CKR_HOST_MEMORY", Recovery.Retry),
        [0x003] = ("CKR_SLOT_ID_INVALID", Recovery.Reinitialize),
        [0x005] = ("CKR_GENERAL_ERROR", Recovery.Probe),
        [0x006] = ("CKR_FUNCTION_FAILED", Recovery.Probe),
        [0x007] = ("CKR_ARGUMENTS_BAD", Recovery.CallerError),
        [0x008] = ("CKR_NO_EVENT", Recovery.Success),
        [0x009] = ("CKR_NEED_TO_CREATE_THREADS", Recovery.Stop),
        [0x00A] = ("CKR_CANT_LOCK", Recovery.Stop),
        [0x010] = ("CKR_ATTRIBUTE_READ_ONLY", Recovery.PolicyRefusal),
        [0x011] = ("CKR_ATTRIBUTE_SENSITIVE", Recovery.PolicyRefusal),
        [0x012] = ("CKR_ATTRIBUTE_TYPE_INVALID", Recovery.Unsupported),
        [0x013] = ("CKR_ATTRIBUTE_VALUE_INVALID", Recovery.Unsupported),
        [0x01B] = ("CKR_ACTION_PROHIBITED", Recovery.PolicyRefusal),
        [0x020] = ("CKR_DATA_INVALID", Recovery.CallerError),
        [0x021] = ("CKR_DATA_LEN_RANGE", Recovery.CallerError),
        [0x030] = ("CKR_DEVICE_ERROR", Recovery.Probe),
        [0x031] = ("CKR_DEVICE_MEMORY", Recovery.Retry),
        [0x032] = ("CKR_DEVICE_REMOVED", Recovery.Reinitialize),
        [0x040] = ("CKR_ENCRYPTED_DATA_INVALID", Recovery.CallerError),
        [0x050] = ("CKR_FUNCTION_CANCELED", Recovery.Retry),
        [0x054] = ("CKR_FUNCTION_NOT_SUPPORTED", Recovery.Unsupported),
        [0x060] = ("CKR_KEY_HANDLE_INVALID", Recovery.FindAgain),
        [0x062] = ("CKR_KEY_SIZE_RANGE", Recovery.Unsupported),
        [0x063] = ("CKR_KEY_TYPE_INCONSISTENT", Recovery.CallerError),
        [0x068] = ("CKR_KEY_FUNCTION_NOT_PERMITTED", Recovery.PolicyRefusal),
        [0x069] = ("CKR_KEY_NOT_WRAPPABLE", Recovery.PolicyRefusal),
        [0x06A] = ("CKR_KEY_UNEXTRACTABLE", Recovery.PolicyRefusal),
        [0x070] = ("CKR_MECHANISM_INVALID", Recovery.Unsupported),
        [0x071] = ("CKR_MECHANISM_PARAM_INVALID", Recovery.Unsupported),
        [0x082] = ("CKR_OBJECT_HANDLE_INVALID", Recovery.FindAgain),
        [0x090] = ("CKR_OPERATION_ACTIVE", Recovery.NewSession),
        [0x091] = ("CKR_OPERATION_NOT_INITIALIZED", Recovery.NewSession),
        [0x0A0] = ("CKR_PIN_INCORRECT", Recovery.CredentialFailure),
        [0x0A1] = ("CKR_PIN_INVALID", Recovery.CredentialFailure),
        [0x0A2] = ("CKR_PIN_LEN_RANGE", Recovery.CredentialFailure),
        [0x0A3] = ("CKR_PIN_EXPIRED", Recovery.CredentialFailure),
        [0x0A4] = ("CKR_PIN_LOCKED", Recovery.CredentialFailure),
        [0x0B0] = ("CKR_SESSION_CLOSED", Recovery.NewSession),
        [0x0B1] = ("CKR_SESSION_COUNT", Recovery.Retry),
        [0x0B3] = ("CKR_SESSION_HANDLE_INVALID", Recovery.NewSession),
        [0x0B5] = ("CKR_SESSION_READ_ONLY", Recovery.CallerError),
        [0x0B6] = ("CKR_SESSION_EXISTS", Recovery.CallerError),
        [0x0B7] = ("CKR_SESSION_READ_ONLY_EXISTS", Recovery.CallerError),
        [0x0B8] = ("CKR_SESSION_READ_WRITE_SO_EXISTS", Recovery.CallerError),
        [0x0C0] = ("CKR_SIGNATURE_INVALID", Recovery.Stop),
        [0x0C1] = ("CKR_SIGNATURE_LEN_RANGE", Recovery.Stop),
        [0x0D0] = ("CKR_TEMPLATE_INCOMPLETE", Recovery.Unsupported),
        [0x0D1] = ("CKR_TEMPLATE_INCONSISTENT", Recovery.Unsupported),
        [0x0E0] = ("CKR_TOKEN_NOT_PRESENT", Recovery.Reinitialize),
        [0x0E1] = ("CKR_TOKEN_NOT_RECOGNIZED", Recovery.Reinitialize),
        [0x0E2] = ("CKR_TOKEN_WRITE_PROTECTED", Recovery.PolicyRefusal),
        [0x100] = ("CKR_USER_ALREADY_LOGGED_IN", Recovery.Success),
        [0x101] = ("CKR_USER_NOT_LOGGED_IN", Recovery.LogIn),
        [0x102] = ("CKR_USER_PIN_NOT_INITIALIZED", Recovery.CredentialFailure),
        [0x103] = ("CKR_USER_TYPE_INVALID", Recovery.CredentialFailure),
        [0x104] = ("CKR_USER_ANOTHER_ALREADY_LOGGED_IN", Recovery.CredentialFailure),
        [0x105] = ("CKR_USER_TOO_MANY_TYPES", Recovery.CredentialFailure),
        [0x120] = ("CKR_RANDOM_SEED_NOT_SUPPORTED", Recovery.Unsupported),
        [0x121] = ("CKR_RANDOM_NO_RNG", Recovery.Unsupported),
        [0x130] = ("CKR_DOMAIN_PARAMS_INVALID", Recovery.Unsupported),
        [0x140] = ("CKR_CURVE_NOT_SUPPORTED", Recovery.Unsupported),
        [0x150] = ("CKR_BUFFER_TOO_SMALL", Recovery.CallerError),
        [0x190] = ("CKR_CRYPTOKI_NOT_INITIALIZED", Recovery.Reinitialize),
        [0x191] = ("CKR_CRYPTOKI_ALREADY_INITIALIZED", Recovery.Success),
        [0x1A0] = ("CKR_MUTEX_BAD", Recovery.Stop),
        [0x1B8] = ("CKR_PUBLIC_KEY_INVALID", Recovery.Stop),
        [0x200] = ("CKR_FUNCTION_REJECTED", Recovery.PolicyRefusal),
    }.ToFrozenDictionary();

    /// <summary>The name in <c>pkcs11.h</c>, "CKR_VENDOR_DEFINED+0x.." for a vendor's code, "CKR_0x.." for one that is not known.</summary>
    public string Name =>
        Known.TryGetValue(Code, out (string Name, Recovery) known) ? known.Name
        : Code >= VendorDefined ? $"CKR_VENDOR_DEFINED+0x{Code - VendorDefined:x}"
        : $"CKR_0x{Code:x}";

    /// <summary>What this code asks of a client.</summary>
    public Recovery Recovery => Known.TryGetValue(Code, out (string, Recovery Recovery) known) ? known.Recovery : Recovery.Stop;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
