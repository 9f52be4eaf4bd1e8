using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>Why this library refused before the token was asked.</summary>
public enum CryptokiRefusal
{
    /// <summary>No reason; never used.</summary>
    None,

    /// <summary>There is no file at the module's path.</summary>
    ModuleMissing,

    /// <summary>The file is not a PKCS#11 module.</summary>
    NotAModule,

    /// <summary>No token has the label.</summary>
    TokenNotFound,

    /// <summary>Several tokens have the label.</summary>
    TokenAmbiguous,

    /// <summary>A token with the label exists already.</summary>
    TokenExists,

    /// <summary>No slot holds a token that is still uninitialised.</summary>
    NoUninitializedToken,

    /// <summary>The PIN is shorter or longer than the token takes.</summary>
    PinLength,

    /// <summary>One more wrong PIN would lock the token, so a person has to look at it first.</summary>
    PinFinalTry,

    /// <summary>The token has locked its PIN.</summary>
    PinLocked,

    /// <summary>A login to this token failed before; a wrong PIN is never tried again.</summary>
    CredentialFailedBefore,

    /// <summary>Code outside this library has logged the process in, so the token would not check the PIN.</summary>
    LoggedInElsewhere,

    /// <summary>The token is gone; it is looked for again when <see cref="CryptokiRefusalException.RetryAfter"/> is over.</summary>
    TokenAway,

    /// <summary>Another token has come in the place of the one that was logged in to; it is not given that one's PIN.</summary>
    TokenReplaced,

    /// <summary>A call to the module does not end, so that it cannot be initialised anew.</summary>
    ModuleBusy,

    /// <summary>No key has the label.</summary>
    KeyNotFound,

    /// <summary>Several keys have the label.</summary>
    KeyAmbiguous,

    /// <summary>A key with the label exists already.</summary>
    KeyExists,

    /// <summary>The key has an algorithm that is not supported, or its public half is missing.</summary>
    KeyUnusable,
}

/// <summary>A request was refused before the token was asked, so nothing has changed on it.</summary>
public sealed class CryptokiRefusalException : CryptographicException
{
    internal CryptokiRefusalException(CryptokiRefusal reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    /// <summary>Why.</summary>
    public CryptokiRefusal Reason { get; }

    /// <summary>How long asking again is of no use; null when it is of no use at all, or of use at once.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same request may succeed later, without anybody having changed it.</summary>
    public bool IsPassing => Reason is CryptokiRefusal.TokenAway or CryptokiRefusal.ModuleBusy;
}
