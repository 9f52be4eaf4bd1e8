using Fota.Interop.Posix;
using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>
/// Takes into a draft what another folder of the same change has more of: what a keyholder's machine had signed when it was killed, so that nothing is signed twice. As
/// with everything in a draft, who signs later believes only the signatures.
/// </summary>
/// <param name="change">The change that both are of.</param>
internal sealed class DraftMerge(RoleChange change)
{
    /// <summary>Adds what is in <paramref name="former"/> to <paramref name="draft"/>.</summary>
    public void Run(string former, string draft)
    {
        foreach (string folder in (string[])[HomeFolder.StatementsName, "possession"])
        {
            foreach (string file in Files(former, folder).Where(file => !File.Exists(Path.Combine(draft, file))))
            {
                DurableFile.Replace(Path.Combine(draft, file), Read(former, file));
            }
        }

        foreach (string file in Files(former, "roles"))
        {
            Merge(former, draft, file, MergeRole);
        }

        foreach (ChangedEnvelope changed in change.Envelopes)
        {
            Merge(former, draft, Path.Combine("envelopes", changed.Path), (own, sent) => SignedEnvelope.Decode(sent).OrThrow().WithSignaturesFrom(SignedEnvelope.Decode(own).OrThrow(), changed.Keys.Keys).Bytes.ToArray());
        }
    }

    private static void Merge(string former, string draft, string file, Func<byte[], byte[], byte[]> merge)
    {
        if (File.Exists(Path.Combine(former, file)))
        {
            byte[] own = Read(former, file);
            DurableFile.Replace(Path.Combine(draft, file), File.Exists(Path.Combine(draft, file)) ? merge(own, Read(draft, file)) : own);
        }
    }

    // A product's role lists envelopes by their digests: one that was signed over other envelopes is none of this draft's.
    private static byte[] MergeRole(byte[] own, byte[] sent)
    {
        SignedMetadata mine = Decode(own), theirs = Decode(sent);
        return mine.SignedBytes.Span.SequenceEqual(theirs.SignedBytes.Span)
            ? SignedMetadata.Assemble(theirs.SignedBytes.Span, [.. theirs.Signatures, .. mine.Signatures.Where(signature => theirs.Signatures.All(other => other.Key != signature.Key))])
            : sent;
    }

    private static SignedMetadata Decode(byte[] file) => SignedMetadata.Decode(file, DecodeLimits.TargetsBytes, MetadataProfile.Fota).OrThrow();

    private static byte[] Read(string folder, string file) => ForeignFile.Read(Path.Combine(folder, file), DecodeLimits.TargetsBytes);

    private static IEnumerable<string> Files(string root, string folder) => Directory.Exists(Path.Combine(root, folder))
        ? Directory.EnumerateFiles(Path.Combine(root, folder)).Select(file => Path.GetRelativePath(root, file))
        : [];
}
