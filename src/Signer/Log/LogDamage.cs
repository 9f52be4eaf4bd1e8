using System.Security.Cryptography;
using Fota.Interop.Cryptoki;
using Fota.Manifest;

namespace Fota.Signer.Log;

/// <summary>What may be the matter with the log and with nothing else. Timestamps go on without it (L-23).</summary>
internal static class LogDamage
{
    /// <summary>Where people read what to do.</summary>
    public const string Runbook = "docs/runbooks/damaged-log.md";

    /// <summary>
    /// Whether the log alone is at fault: its files or its key. A login that was refused, a token that is away and a journal that cannot be written are everybody's matter.
    /// </summary>
    public static bool Is(Exception e) => e switch
    {
        CryptokiException cryptoki => !cryptoki.IsRefusedLogin,
        CryptokiRefusalException refusal => refusal.Reason is CryptokiRefusal.KeyNotFound or CryptokiRefusal.KeyAmbiguous or CryptokiRefusal.KeyUnusable,
        _ => e is SignerRefusalException or RejectedException or IOException or UnauthorizedAccessException or CryptographicException,
    };

    /// <summary>What to say of it. Refusals say it all; the rest says which file or key it was, and this what follows.</summary>
    public static SignerRefusalException Refusal(string log, Exception damage) => damage is SignerRefusalException
        ? new SignerRefusalException(damage.Message, damage)
        : new SignerRefusalException($"{log}: {damage.Message}: nothing new goes into the log, and timestamps go on with its last checkpoint ({Runbook})", damage);
}
