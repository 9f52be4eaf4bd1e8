using System.Text;
using Fota.Manifest;
using Fota.Manifest.Keys;

namespace Fota.Signer.Roles;

/// <summary>
/// A key that is new to a role signs the digest of the change itself: the proof that somebody holds it, and agrees to what it is for. Else a threshold could
/// come to rest on keys that nobody can sign with, a mistyped one or one whose token is dead, and a role would be lost with them.
/// </summary>
/// <param name="Label">The key's label.</param>
/// <param name="Key">Its public half.</param>
/// <param name="Change">The digest of the change.</param>
internal sealed record KeyPossession(string Label, VerificationKey Key, Sha256Digest Change)
{
    /// <summary>What the key signs. No metadata and no COSE message begins like this, so that the signature says nothing else anywhere.</summary>
    public byte[] Statement => Encoding.ASCII.GetBytes($"fota-signer: key {Key.Id} agrees to the change of roles {Change}\n");

    /// <summary>Whether the key itself signed the statement; a file that holds anything else is as good as none.</summary>
    public bool IsProvenBy(string file) => File.Exists(file) && Key.IsSignatureOver(Statement, File.ReadAllBytes(file));
}
