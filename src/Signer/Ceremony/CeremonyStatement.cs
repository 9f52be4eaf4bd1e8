using System.Text;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Signer.Home;

namespace Fota.Signer.Ceremony;

/// <summary>
/// What each key that takes part in a ceremony signs before anything else: that it takes part in this change, of this file. It is what is known when the key
/// signs; the digests of what is installed are known when the change is applied, perhaps days later, on another machine.
/// </summary>
/// <param name="Label">The key's label.</param>
/// <param name="Key">Its public half.</param>
/// <param name="Change">The digest of the change.</param>
/// <param name="Ceremony">SHA-256 of the ceremony's file.</param>
internal sealed record CeremonyStatement(string Label, VerificationKey Key, Sha256Digest Change, string Ceremony)
{
    /// <summary>What is signed. No metadata, no COSE message and no transcript begins like this, so that the signature says nothing else anywhere.</summary>
    public byte[] Bytes => Encoding.ASCII.GetBytes($"fota-signer: key {Key.Id} takes part in the change of roles {Change} of the ceremony {Ceremony}\n");

    /// <summary>The signature in the draft, as the token made it; null if there is none, or one that is not this key's.</summary>
    public byte[]? Read(HomeFolder folder) => File.Exists(FileIn(folder)) && File.ReadAllBytes(FileIn(folder)) is var signature && IsSignedBy(signature) ? signature : null;

    /// <summary>Keeps a signature in the draft.</summary>
    public void Write(HomeFolder folder, ReadOnlySpan<byte> signature) => DurableFile.Replace(FileIn(folder), signature);

    /// <summary>Whether this is the key's signature over the statement.</summary>
    public bool IsSignedBy(ReadOnlySpan<byte> signature) => Key.IsSignatureOver(Bytes, signature);

    private string FileIn(HomeFolder folder) => Path.Combine(folder.Statements, Label + ".sig");
}
