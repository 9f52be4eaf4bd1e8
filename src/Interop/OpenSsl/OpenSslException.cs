using System.Security.Cryptography;

namespace Fota.Interop.OpenSsl;

/// <summary>libcrypto failed for a reason that is not a wrong signature.</summary>
public sealed class OpenSslException(string function, string errorText) : CryptographicException($"{function}: {errorText}")
{
    /// <summary>The C function that failed.</summary>
    public string Function { get; } = function;

    /// <summary>OpenSSL's own words.</summary>
    public string ErrorText { get; } = errorText;
}
