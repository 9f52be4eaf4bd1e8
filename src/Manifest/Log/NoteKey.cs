using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Log;

/// <summary>
/// A key that signs notes, with its name (C2SP signed-note). As text it is a "vkey": the name, eight hexadecimal digits of its id, and in base64 the number
/// of its algorithm and the public key, '+' between them. Ed25519 alone is taken: which algorithm a signature is of is never for the note to say.
/// </summary>
public sealed class NoteKey : IEquatable<NoteKey>
{
    private const byte Ed25519Algorithm = 1;

    private NoteKey(string name, VerificationKey key, ReadOnlySpan<byte> publicKey)
    {
        Name = name;
        Key = key;
        byte[] encoded = [Ed25519Algorithm, .. publicKey];
        Id = BinaryPrimitives.ReadUInt32BigEndian(Sha256Digest.Of([.. System.Text.Encoding.UTF8.GetBytes(name), (byte)'\n', .. encoded]).Bytes);
        Text = $"{name}+{Id.ToString("x8", CultureInfo.InvariantCulture)}+{Convert.ToBase64String(encoded)}";
    }

    /// <summary>Its name; of a log's key, the log's origin.</summary>
    public string Name { get; }

    /// <summary>The first four bytes of SHA-256(name, line feed, algorithm, public key), which signatures bear as a hint.</summary>
    public uint Id { get; }

    /// <summary>The key.</summary>
    public VerificationKey Key { get; }

    /// <summary>The vkey.</summary>
    public string Text { get; }

    /// <summary>Gives a key a name.</summary>
    /// <exception cref="RejectedException">It is no key for Ed25519, or the name is none.</exception>
    public static NoteKey Of(string name, VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!IsName(name))
        {
            throw new RejectedException(RejectionReason.ValueOutOfRange, $"the name of a note's key: wanted 1 to {LogLimits.NameLength} characters without spaces, controls and '+', got another");
        }

        return key is Ed25519Key edwards
            ? new NoteKey(name, key, edwards.PublicKey)
            : throw new RejectedException(RejectionReason.UnsupportedKey, $"a note's key: wanted one for Ed25519, got one for {key.Algorithm}");
    }

    /// <summary>Reads a vkey.</summary>
    /// <exception cref="RejectedException">It is none, or its id is not its key's.</exception>
    public static NoteKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('+', 3);
        if (parts.Length != 3 || !SignedNote.TryBase64(parts[2], out byte[]? encoded) || encoded.Length == 0)
        {
            throw new RejectedException(RejectionReason.Malformed, "a vkey: wanted NAME+ID+KEY, got something else");
        }

        if (encoded[0] != Ed25519Algorithm)
        {
            throw new RejectedException(RejectionReason.UnsupportedKey, $"a vkey: wanted algorithm {Ed25519Algorithm} (Ed25519), got {encoded[0]}");
        }

        NoteKey key = Of(parts[0], VerificationKey.FromSubjectPublicKeyInfo((byte[])[.. Ed25519Key.Prefix, .. encoded.AsSpan(1)]));
        return string.Equals(key.Text, text, StringComparison.Ordinal)
            ? key
            : throw new RejectedException(RejectionReason.DigestMismatch, $"a vkey: wanted {key.Text}, got another id for its key");
    }

    /// <summary>As <see cref="Parse"/>, without an exception.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out NoteKey? key) => Verdict.Of(() => Parse(text ?? "")).IsAccepted(out key, out _);

    /// <summary>Whether a text may be the name of a key: what separates the parts of a signature line and of a vkey is not in it.</summary>
    public static bool IsName(string? name) => name is { Length: >= 1 and <= LogLimits.NameLength } && !name.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c) || char.IsSurrogate(c) || c == '+');

    /// <inheritdoc/>
    public bool Equals(NoteKey? other) => other is not null && string.Equals(Text, other.Text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NoteKey);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Text);

    /// <summary>The vkey.</summary>
    public override string ToString() => Text;
}
