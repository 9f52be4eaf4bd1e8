using System.Text;

namespace Fota.Interop.Cryptoki;

/// <summary>What a token said about itself when it was asked (<c>CK_TOKEN_INFO</c>).</summary>
/// <param name="SlotId">The slot it was in; some modules give it another one after initialisation.</param>
/// <param name="Label">Its label, without padding.</param>
/// <param name="Manufacturer">Who made it.</param>
/// <param name="Model">Its model.</param>
/// <param name="Serial">Its serial number.</param>
/// <param name="IsInitialized">Whether it has been initialised.</param>
/// <param name="IsUserPinLocked">Whether the user PIN is locked.</param>
/// <param name="IsUserPinFinalTry">Whether one more wrong PIN would lock it.</param>
/// <param name="IsUserPinCountLow">Whether a wrong PIN was given since the last successful login.</param>
/// <param name="IsUserPinInitialized">Whether a user PIN has been set.</param>
/// <param name="MinPinLength">Shortest PIN it takes, in bytes.</param>
/// <param name="MaxPinLength">Longest PIN it takes, in bytes.</param>
/// <param name="MaxSessions">Most sessions at a time; null when it names no limit.</param>
public sealed record TokenDescription(
    ulong SlotId,
    string Label,
    string Manufacturer,
    string Model,
    string Serial,
    bool IsInitialized,
    bool IsUserPinLocked,
    bool IsUserPinFinalTry,
    bool IsUserPinCountLow,
    bool IsUserPinInitialized,
    ulong MinPinLength,
    ulong MaxPinLength,
    ulong? MaxSessions)
{
    internal static unsafe TokenDescription From(nuint slotId, in CK_TOKEN_INFO info)
    {
        // CK_EFFECTIVELY_INFINITE is 0, CK_UNAVAILABLE_INFORMATION all ones: neither is a limit.
        ulong sessions = info.MaxRwSessionCount;
        fixed (CK_TOKEN_INFO* token = &info)
        {
            return new TokenDescription(
                slotId,
                Text(token->Label, 32),
                Text(token->Manufacturer, 32),
                Text(token->Model, 16),
                Text(token->Serial, 16),
                Has(info.Flags, Pkcs11.CKF_TOKEN_INITIALIZED),
                Has(info.Flags, Pkcs11.CKF_USER_PIN_LOCKED),
                Has(info.Flags, Pkcs11.CKF_USER_PIN_FINAL_TRY),
                Has(info.Flags, Pkcs11.CKF_USER_PIN_COUNT_LOW),
                Has(info.Flags, Pkcs11.CKF_USER_PIN_INITIALIZED),
                info.MinPinLength,
                info.MaxPinLength,
                sessions is 0 or ulong.MaxValue ? null : sessions);
        }
    }

    /// <summary>Cryptoki pads its texts with blanks and does not terminate them; some modules pad with zeros.</summary>
    internal static unsafe string Text(byte* padded, int length) => Encoding.UTF8.GetString(padded, length).TrimEnd(' ', '\0');

    private static bool Has(nuint flags, nuint flag) => (flags & flag) != 0;
}
