using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Keys;

namespace Fota.Signer.Journal;

/// <summary>The proof that a signature was written into the journal before it is made. Only <see cref="SigningJournal.Begin"/> makes one.</summary>
internal sealed class SigningIntent
{
    private readonly KeyId _key;
    private readonly Sha256Digest _message;
    private readonly Action<ITokenKey> _policy;

    internal SigningIntent(long id, KeyId key, Sha256Digest message, Action<ITokenKey> policy)
    {
        Id = id;
        _key = key;
        _message = message;
        _policy = policy;
    }

    /// <summary>Its number in the journal.</summary>
    public long Id { get; }

    /// <summary>Whether a key was let sign: from then on nobody but the token knows whether it did.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>An intent covers one key and one message, and the key's policy is asked last, right before the token signs.</summary>
    /// <exception cref="Keys.Policies.KeyPolicyException">The key may not sign this.</exception>
    public void DemandFor(ITokenKey key, ReadOnlySpan<byte> message)
    {
        if (key.PublicKey.Id != _key || Sha256Digest.Of(message) != _message)
        {
            throw new InvalidOperationException($"signing {Id} of the journal is for another key or message");
        }

        _policy(key);
        IsUsed = true;
    }
}

/// <summary>What a signature is for, as the journal names it.</summary>
internal enum SigningPurpose
{
    None = 0,
    SuitManifest,
    ProductRole,
    Root,
    Targets,
    Snapshot,
    Timestamp,
    Certificate,
    Transcript,
    NewKey,
    KeyPossession,
    LogCheckpoint,
    Ceremony,
}

/// <summary>What became of an intent.</summary>
internal enum SigningResult
{
    /// <summary>Nothing is recorded yet.</summary>
    Pending = 0,

    /// <summary>The token signed.</summary>
    Signed,

    /// <summary>The token refused.</summary>
    Failed,

    /// <summary>The process ended in between, or the call of the token did without an answer: whether the token signed cannot be known.</summary>
    Unknown,
}

/// <summary>A row of the journal.</summary>
internal sealed record JournalEntry(
    long Id,
    string Time,
    string Token,
    string KeyLabel,
    string KeyId,
    string Purpose,
    string Subject,
    string MessageSha256,
    SigningResult Result,
    string? SignatureSha256,
    string? Reason);
