using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>
/// The PINs that the tokens of a module refused in this process: none of them is given to its token again, whichever library object or thread holds it (A50). What is kept
/// is a keyed hash, under a key of this process, in memory alone. Another PIN may be tried: that is a person's decision.
/// </summary>
internal sealed class RefusedPins
{
    private readonly Lock _gate = new();
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
    private readonly HashSet<(string Serial, string Hash)> _refused = [];

    /// <summary>Remembers that the token refused the PIN, or may have.</summary>
    public void Add(TokenDescription token, Pin pin)
    {
        lock (_gate)
        {
            _refused.Add((token.Serial, Hash(pin)));
        }
    }

    /// <exception cref="CryptokiRefusalException">The token refused this PIN before.</exception>
    public void ThrowIfRefused(TokenDescription token, Pin pin)
    {
        lock (_gate)
        {
            if (_refused.Contains((token.Serial, Hash(pin))))
            {
                throw new CryptokiRefusalException(CryptokiRefusal.CredentialFailedBefore, $"token '{token.Label}' refused this PIN before; this process does not give it again");
            }
        }
    }

    private string Hash(Pin pin) => Convert.ToHexString(HMACSHA256.HashData(_salt, pin.Bytes));
}
