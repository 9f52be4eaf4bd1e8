using System.Security.Cryptography;
using Fota.Manifest.Keys;
using Fota.Signer.Keys;

namespace Fota.Signer.Journal;

/// <summary>The one way to a signature.</summary>
internal sealed class JournalledSigner(SigningJournal journal)
{
    /// <summary>Signs <paramref name="message"/>; the signature, in COSE's form, has been verified.</summary>
    /// <param name="key">The key.</param>
    /// <param name="purpose">What the signature is for.</param>
    /// <param name="subject">What is signed, for people, for example "infusion-pump 1.1.0".</param>
    /// <param name="message">The bytes to be signed.</param>
    public byte[] Sign(ITokenKey key, SigningPurpose purpose, string subject, ReadOnlySpan<byte> message)
    {
        SigningIntent intent = journal.Begin(key, purpose, subject, message);
        byte[] signature;
        try
        {
            signature = key.Sign(intent, message);
        }
        catch (Exception e) when (e is CryptographicException or SignerRefusalException)
        {
            // The token answered, or the key's policy, and the answer was no.
            journal.RecordFailed(intent, e.Message);
            throw;
        }
        catch (Exception e)
        {
            // No answer at all. A service runs on, so the row is closed here and not by the next process: an open one is that of a process that was killed.
            if (intent.IsUsed)
            {
                journal.RecordUnknown(intent);
            }
            else
            {
                journal.RecordFailed(intent, e.Message);
            }

            throw;
        }

        // A faulty signature of a deterministic or badly seeded scheme can betray the key, so it is not even kept.
        if (!key.PublicKey.IsSignatureOver(message, signature))
        {
            journal.RecordFailed(intent, "the token returned what is not its key's signature");
            throw new CryptographicException($"token '{key.Token}' returned what is not a signature of key '{key.Label}'");
        }

        // Of two ECDSA signatures that are as good as each other the one that evidence takes (docs/spec/evidence.md, E-4).
        signature = EcdsaSignatureFormat.FixedSizeOf(key.PublicKey.Algorithm) > 0 ? EcdsaSignatureFormat.Lowered(signature) : signature;
        journal.RecordSigned(intent, signature);
        return signature;
    }
}
