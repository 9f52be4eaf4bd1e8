using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Envelope;

/// <summary>One tagged COSE message as it was received, of whatever kind: well formed, believed by nobody until <see cref="IsBy"/> says so.</summary>
public sealed class CoseMessage
{
    private readonly byte[] _bytes;
    private readonly CoseParts _parts;

    private CoseMessage(byte[] bytes, CoseParts parts)
    {
        _bytes = bytes;
        _parts = parts;
    }

    /// <summary>Which of COSE's messages it is.</summary>
    public CoseKind Kind => _parts.Kind;

    /// <summary>The whole message as received.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>`alg` of the protected header: for display, and to be compared with what the trusted key accepts. Null where it is absent or a text.</summary>
    public long? ClaimedAlgorithm => _parts.Protected.Algorithm;

    /// <summary>`kid` of the unprotected header, or null: a hint which key to try.</summary>
    public ReadOnlyMemory<byte>? ClaimedKeyId => _parts.Unprotected.KeyId is { } id ? new ReadOnlyMemory<byte>?(id) : default;

    /// <summary>The content inside the message; null where it is detached.</summary>
    public ReadOnlyMemory<byte>? Payload => _parts.Payload is { } payload ? new ReadOnlyMemory<byte>?(payload) : default;

    /// <summary>Decodes one well-formed message; what is not one of the kinds of <see cref="CoseKind"/>, with its tag, is refused.</summary>
    public static Verdict<CoseMessage> Decode(ReadOnlySpan<byte> bytes)
    {
        byte[] own = bytes.ToArray();
        return Verdict.Of(() => Decode(own, "COSE message"));
    }

    /// <summary>
    /// Whether this is a COSE_Sign1 by <paramref name="key"/> over <paramref name="payload"/>, with no external data. The algorithm is the key's: a
    /// message that names another is not by it (A24), and neither is one with a critical header, as we understand none (RFC 9052 section 3.1).
    /// </summary>
    public bool IsBy(VerificationKey key, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Kind == CoseKind.Sign1
            && _parts.Protected.Algorithm is { } algorithm && key.Accepts(algorithm)
            && !_parts.Protected.HasCritical
            && key.IsSignatureOver(CoseSign1.SignatureInput(_parts.EncodedProtected, payload), _parts.Authenticator);
    }

    internal static CoseMessage Decode(byte[] bytes, string what) => new(bytes, CborDoor.Decode(bytes, what, reader => CoseParts.Read(reader, what)));

    /// <summary>Whether the hint excludes <paramref name="key"/>.</summary>
    internal bool MayBeBy(VerificationKey key) => _parts.Unprotected.KeyId is null || key.Id.Thumbprint.Bytes.SequenceEqual(_parts.Unprotected.KeyId);

    /// <summary>Refuses what is no COSE_Sign1.</summary>
    internal void RequireKind(string what)
    {
        if (Kind != CoseKind.Sign1)
        {
            throw new RejectedException(RejectionReason.Unsupported, $"{what}: wanted a COSE_Sign1 (tag 18), got COSE_{Kind}: what is not signed with a private key proves nothing to a fleet");
        }
    }

    /// <summary>
    /// What our profile demands: a COSE_Sign1 with the algorithm in the protected header, the key id in the unprotected one, and nothing else. The
    /// unprotected header is not signed; a fixed content leaves no room to alter it unnoticed (A20, A23).
    /// </summary>
    internal void RequireProfile(string what)
    {
        RequireKind(what);
        DeterministicCbor.Require(_bytes, what);
        DeterministicCbor.Require(_parts.EncodedProtected, $"{what}: protected header");
        CborDoor.Require(_parts.Protected.Algorithm, $"{what}: the algorithm in the protected header");
        CborDoor.Require(_parts.Unprotected.KeyId, $"{what}: the key id in the unprotected header");
        if (_parts.Protected.Count != 1 || _parts.Unprotected.Count != 1)
        {
            throw new RejectedException(RejectionReason.UnknownField, $"{what}: wanted the header parameters 1 (protected) and 4 (unprotected), got {_parts.Protected.Count} and {_parts.Unprotected.Count} parameters");
        }
    }
}
