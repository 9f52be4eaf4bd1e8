using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Envelope;

/// <summary>One COSE_Sign1 of an envelope, as received: a claim, not a proof.</summary>
public sealed class EnvelopeSignature
{
    private readonly CoseSign1 _cose;

    internal EnvelopeSignature(byte[] encoded, CoseSign1 cose)
    {
        Encoded = encoded;
        _cose = cose;
    }

    /// <summary>The COSE algorithm number that the signature claims.</summary>
    public long ClaimedAlgorithm => _cose.Algorithm;

    /// <summary>The key id that the signature claims, or null.</summary>
    public ReadOnlyMemory<byte>? ClaimedKeyId => _cose.KeyId is { } id ? id : null;

    /// <summary>Length of the signature value in bytes.</summary>
    public int Length => _cose.Signature.Length;

    internal byte[] Encoded { get; }

    internal bool IsBy(VerificationKey key, ReadOnlySpan<byte> payload) => _cose.MayBeBy(key) && _cose.IsBy(key, payload);

    internal void RequireProfile()
    {
        DeterministicCbor.Require(Encoded, "signature");
        _cose.RequireProfile("signature");
        if (_cose.Payload is not null)
        {
            // Nobody signed it, and another processor would take it for what was signed (A20).
            throw new RejectedException(RejectionReason.UnknownField, "signature: wanted a detached payload, got one inside");
        }
    }
}
