using System.Security.Cryptography;
using System.Text;
using Fota.Interop.Posix;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.AtRest;

/// <summary>
/// Encrypts values before they come into a database, by AES-256-GCM (NIST SP 800-38D) with keys that are not in it: whoever has the database or a backup alone reads nothing of them,
/// and cannot put one in another's place. A sealed value is a byte 1, the key's id (8 bytes), a random nonce (12), as many bytes as the value has, and the tag (16).
/// </summary>
internal sealed class AtRestKeys
{
    public const int KeySize = 32;

    /// <summary>Bytes that a sealed value is longer than what is in it.</summary>
    public const int Overhead = 1 + IdSize + NonceSize + TagSize;

    private const byte Form = 1;
    private const int IdSize = 8;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly (byte[] Id, byte[] Key)[] _keys;

    /// <param name="keys">Of 32 bytes each; the first one seals, each opens what it sealed.</param>
    public AtRestKeys(params IEnumerable<byte[]> keys) => _keys = [.. keys.Select(static key => (IdOf(key), key))];

    /// <summary>None: values are stored as they are.</summary>
    public static AtRestKeys None { get; } = new([]);

    /// <summary>Whether values are sealed.</summary>
    public bool Seals => _keys.Length > 0;

    /// <summary>Reads what <c>atRest</c> of server.json names.</summary>
    /// <exception cref="ConfigurationException">A file does not hold 32 bytes, or two hold the same.</exception>
    /// <exception cref="IOException">A file cannot be read, or is readable by others.</exception>
    public static AtRestKeys Read(IReadOnlyList<string> files)
    {
        AtRestKeys keys = new(files.Select(ReadKey));
        return keys._keys.DistinctBy(static k => NameOf(k.Id), StringComparer.Ordinal).Count() == files.Count
            ? keys
            : throw new ConfigurationException("atRest.keys: wanted keys that differ, got one twice");
    }

    /// <summary>Seals a value for its place.</summary>
    /// <param name="value">What nobody is to read.</param>
    /// <param name="place">Where it lies; it is opened nowhere else.</param>
    public byte[] Seal(ReadOnlySpan<byte> value, StoredPlace place)
    {
        (byte[] id, byte[] key) = _keys[0];
        byte[] result = new byte[Overhead + value.Length];
        Span<byte> nonce = result.AsSpan(1 + IdSize, NonceSize);
        result[0] = Form;
        id.CopyTo(result.AsSpan(1));
        RandomNumberGenerator.Fill(nonce);
        using AesGcm aes = new(key, TagSize);
        aes.Encrypt(nonce, value, result.AsSpan(1 + IdSize + NonceSize, value.Length), result.AsSpan(result.Length - TagSize), place.Bytes);
        return result;
    }

    /// <summary>What was sealed.</summary>
    /// <exception cref="StoreUnavailableException">The key that sealed it is not here: another server has it.</exception>
    /// <exception cref="InvalidDataException">It was changed, or moved from another place.</exception>
    public byte[] Open(ReadOnlySpan<byte> sealedValue, StoredPlace place)
    {
        if (sealedValue.Length < Overhead || sealedValue[0] != Form)
        {
            throw new InvalidDataException($"{place}: wanted a sealed value of form {Form}, got something else");
        }

        string id = NameOf(sealedValue.Slice(1, IdSize));
        if (Array.Find(_keys, k => NameOf(k.Id) == id).Key is not { } key)
        {
            throw new StoreUnavailableException($"atRest.keys: wanted key {id}, which sealed {place}, got {(Seals ? string.Join(", ", _keys.Select(static k => NameOf(k.Id))) : "none")}");
        }

        byte[] value = new byte[sealedValue.Length - Overhead];
        using AesGcm aes = new(key, TagSize);
        try
        {
            aes.Decrypt(sealedValue.Slice(1 + IdSize, NonceSize), sealedValue.Slice(1 + IdSize + NonceSize, value.Length), sealedValue[^TagSize..], value, place.Bytes);
            return value;
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new InvalidDataException($"{place}: wanted what was sealed there by key {id}, got something that was changed or moved", e);
        }
    }

    /// <summary>Whether a sealed value is the first key's, so that the others are not needed for it.</summary>
    public bool IsCurrent(ReadOnlySpan<byte> sealedValue) => sealedValue.Length >= Overhead && sealedValue.Slice(1, IdSize).SequenceEqual(_keys[0].Id);

    private static byte[] ReadKey(string file) => PrivateFile.ReadWhole(file, "key of data at rest", static secret => secret.Length == KeySize ? secret.ToArray() : null)
        ?? throw new ConfigurationException($"atRest.keys: wanted {KeySize} bytes in {file}, got another number");

    /// <summary>Says which key it is, and nothing about it.</summary>
    private static byte[] IdOf(byte[] key) => HMACSHA256.HashData(key, "fota at rest: id"u8)[..IdSize];

    private static string NameOf(ReadOnlySpan<byte> id) => Convert.ToHexStringLower(id);
}

/// <summary>Where a value lies in a database.</summary>
internal readonly record struct StoredPlace(string Table, string Column, string Row)
{
    /// <summary>What a sealed value is bound to. No name of a table or column has a '/' in it, so that no two places have the same.</summary>
    public byte[] Bytes => Encoding.UTF8.GetBytes($"fota/{Table}/{Column}/{Row}");

    public override string ToString() => $"{Table}.{Column} of {Row}";
}
