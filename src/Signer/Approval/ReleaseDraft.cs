using System.Diagnostics;
using System.Globalization;
using Fota.Interop.Posix;
using Fota.Manifest;
using Fota.Manifest.Envelope;
using Fota.Manifest.Verification;
using Fota.Signer.Home;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>
/// A release on its way, as files in drafts/PRODUCT/VERSION. Nothing in it is trusted: each step verifies what the step before it left.
/// </summary>
internal sealed class ReleaseDraft(string folder)
{
    private const string Staged = ".staged-";

    public string Folder { get; } = folder;

    public bool Exists => File.Exists(EnvelopeFile);

    /// <summary>Whether an approver's role lies in it; whether that is worth anything is asked by publish.</summary>
    public bool HasRole => Directory.Exists(RolesFolder);

    /// <summary>The chunk table of the manifest's image number <paramref name="index"/>.</summary>
    public string TableFile(int index) => Path.Combine(Folder, Numbered("chunk-table", index));

    /// <summary>The pack of the manifest's image number <paramref name="index"/>.</summary>
    public string PackFile(int index) => Path.Combine(Folder, Numbered("pack", index));

    /// <summary>The bill of materials, where the release has one.</summary>
    public string SbomFile => Path.Combine(Folder, "sbom.json");

    /// <summary>The signed envelope.</summary>
    public string EnvelopeFile => Path.Combine(Folder, "manifest.suit");

    private string MarkFile => Path.Combine(Folder, "request");

    private string RolesFolder => Path.Combine(Folder, "roles");

    /// <summary>A folder beside the drafts, in which one is prepared before it is one. Its name says by which process.</summary>
    public static ReleaseDraft Stage(HomeFolder home) =>
        new(Path.Combine(home.Drafts, string.Create(CultureInfo.InvariantCulture, $"{Staged}{Environment.ProcessId}-{Path.GetRandomFileName()}")));

    /// <summary>Removes what processes left that were killed while they prepared a draft (A48). Under the home's lock.</summary>
    public static void RemoveAbandoned(HomeFolder home)
    {
        foreach (string path in Directory.Exists(home.Drafts) ? Directory.GetDirectories(home.Drafts, Staged + "*") : [])
        {
            // One that was signed for a request is not lost with its process: it is put in its place, and not signed again.
            if (new ReleaseDraft(path) is { IsSignedForRequest: true })
            {
                continue;
            }

            string process = Path.GetFileName(path)[Staged.Length..].Split('-')[0];
            if (!int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || !IsRunning(id))
            {
                Directory.Delete(path, recursive: true);
            }
        }
    }

    /// <summary>The drafts that were signed for a request, by a process that was killed before it could put them in their place. Under the home's lock.</summary>
    public static IReadOnlyList<ReleaseDraft> Abandoned(HomeFolder home) => Directory.Exists(home.Drafts)
        ? [.. Directory.GetDirectories(home.Drafts, Staged + "*").Select(static path => new ReleaseDraft(path)).Where(static draft => draft.IsSignedForRequest)]
        : [];

    /// <summary>Removes the drafts that a process published and was killed before it could remove them (A48). Under the home's lock.</summary>
    public static void RemovePublished(HomeFolder home, ProductRole role)
    {
        foreach ((ProductName product, ReleaseVersion version) in All(home, role.Product))
        {
            ReleaseDraft draft = Of(home, product, version);
            if (role.Lists(version, Sha256Digest.Of(File.ReadAllBytes(draft.EnvelopeFile))))
            {
                draft.Delete();
            }
        }
    }

    public static ReleaseDraft Of(HomeFolder home, ProductName product, ReleaseVersion version) => new(home.DraftOf(product, version));

    public static ReleaseDraft Require(HomeFolder home, ProductName product, ReleaseVersion version)
    {
        ReleaseDraft draft = Of(home, product, version);
        return draft.Exists ? draft : throw new SignerRefusalException($"there is no draft of {product} {version}: `fota-signer release create` or `reissue` makes one");
    }

    /// <summary>Product and version of every draft.</summary>
    public static IEnumerable<(ProductName Product, ReleaseVersion Version)> All(HomeFolder home, ProductName product)
    {
        string drafts = Path.Combine(home.Drafts, product.ToString());
        string[] folders = Directory.Exists(drafts) ? Directory.GetDirectories(drafts) : [];
        foreach (string path in folders.Order(StringComparer.Ordinal))
        {
            if (ReleaseVersion.TryParse(Path.GetFileName(path), out ReleaseVersion? version) && new ReleaseDraft(path).Exists)
            {
                yield return (product, version);
            }
        }
    }

    public SignedEnvelope ReadEnvelope() => SignedEnvelope.Decode(File.ReadAllBytes(EnvelopeFile)).OrThrow();

    /// <summary>What the approver signed for a role: the product's, or the bin that lists the release. Null if nothing.</summary>
    public byte[]? ReadRole(string role) => File.Exists(RoleFile(role)) ? File.ReadAllBytes(RoleFile(role)) : null;

    /// <summary>All that the approver signed, by role.</summary>
    public IReadOnlyDictionary<string, byte[]> ReadRoles() =>
        Directory.EnumerateFiles(RolesFolder, "*.json").ToDictionary(static file => Path.GetFileNameWithoutExtension(file), File.ReadAllBytes, StringComparer.Ordinal);

    public void WriteEnvelope(SignedEnvelope envelope) => DurableFile.Replace(EnvelopeFile, envelope.Bytes.Span);

    public void WriteRole(string role, ReadOnlySpan<byte> file) => DurableFile.Replace(RoleFile(role), file);

    /// <summary>Puts a staged draft into its place. An earlier draft of the same version is replaced: approvals name the manifest's digest.</summary>
    public void MoveTo(ReleaseDraft place)
    {
        place.Delete();
        Directory.CreateDirectory(Path.GetDirectoryName(place.Folder)!);
        Directory.Move(Folder, place.Folder);
    }

    /// <summary>Says of which request this draft is; before it is put into its place.</summary>
    public void MarkAs(string request) => DurableFile.Replace(MarkFile, System.Text.Encoding.ASCII.GetBytes(request));

    private bool IsSignedForRequest => Exists && File.Exists(MarkFile);

    /// <summary>Whether this is the draft of a request.</summary>
    public bool IsOf(string request) => Exists && File.Exists(MarkFile) && string.Equals(File.ReadAllText(MarkFile), request, StringComparison.Ordinal);

    public void Create() => Directory.CreateDirectory(Folder);

    public void Delete()
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private static string Numbered(string name, int index) => index == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{index}");

    private string RoleFile(string role) => Path.Combine(RolesFolder, role + ".json");

    private static bool IsRunning(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Takes tables and packs of a published release.</summary>
    public void TakePayload(RepositoryFolder repository, VerifiedManifest manifest)
    {
        foreach ((int index, ListedImage image) in manifest.Images.Index())
        {
            Sha256Digest pack = Sha256Digest.Parse(Path.GetFileName(image.Content.PackUri));
            DurableCopy.Make(repository.FullPath(RepositoryFolder.Table(image.Content.ChunkTableDigest)), TableFile(index), image.Content.ChunkTableDigest);
            DurableCopy.Make(repository.FullPath(RepositoryFolder.Pack(pack)), PackFile(index), pack);
        }

        if (manifest.Content.SbomDigest is { } sbom)
        {
            DurableCopy.Make(repository.FullPath(RepositoryFolder.Sbom(sbom)), SbomFile, sbom);
        }
    }
}
