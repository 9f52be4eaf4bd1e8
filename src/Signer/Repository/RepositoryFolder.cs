using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;

namespace Fota.Signer.Repository;

/// <summary>The repository as it is served, with consistent snapshots: a file's name holds its version or digest, timestamp.json apart.</summary>
/// <param name="root">Where it lies.</param>
/// <param name="unwritten">Files as they would be, in place of those that lie there: a repository that is rehearsed before it is written.</param>
internal sealed class RepositoryFolder(string root, IReadOnlyDictionary<string, byte[]>? unwritten = null)
{
    public const string StateName = "state.json";

    private string StateFile => Path.Combine(root, StateName);

    public static string Timestamp => "metadata/" + MetadataFileName.Timestamp;

    public static string Metadata(string role, long version) => "metadata/" + MetadataFileName.OfRole(role, version);

    public static string Target(string path, Sha256Digest digest) => "targets/" + MetadataFileName.OfTarget(path, digest);

    public static string Pack(Sha256Digest digest) => $"packs/{digest}";

    public static string Table(Sha256Digest digest) => $"tables/{digest}";

    public static string Sbom(Sha256Digest digest) => $"sboms/{digest}";

    public static string ReleasePath(ProductName product, ReleaseVersion version) => $"{product}/{version}/manifest.suit";

    public string FullPath(string relative) => Path.Combine(root, relative);

    public bool Has(string relative) => unwritten?.ContainsKey(relative) == true || File.Exists(FullPath(relative));

    /// <summary>Whether the file is one that is still to be written.</summary>
    public bool IsNew(string relative) => unwritten?.ContainsKey(relative) == true;

    public byte[] Read(string relative) => unwritten?.GetValueOrDefault(relative) ?? File.ReadAllBytes(FullPath(relative));

    /// <summary>The same repository, with these files in it.</summary>
    public RepositoryFolder With(IReadOnlyDictionary<string, byte[]> files) => new(root, files);

    public void Write(string relative, ReadOnlySpan<byte> content) => DurableFile.Replace(FullPath(relative), content);

    public void Copy(string source, string relative, Sha256Digest digest) => DurableCopy.Make(source, FullPath(relative), digest);

    public RepositoryState ReadState() => RepositoryState.Parse(File.ReadAllBytes(StateFile));

    public void WriteState(RepositoryState state) => DurableFile.Replace(StateFile, state.ToJson());

    /// <summary>
    /// The version after every version of the role that lies here, named by anything or not: a number that was signed once is not signed again
    /// with another content.
    /// </summary>
    public long NextVersion(string role)
    {
        string ending = $".{role}.json";
        long highest = 0;
        foreach (string file in Directory.EnumerateFiles(FullPath("metadata"), "*" + ending))
        {
            string name = Path.GetFileName(file);
            highest = long.TryParse(name[..^ending.Length], out long version) ? Math.Max(highest, version) : highest;
        }

        return highest + 1;
    }
}
