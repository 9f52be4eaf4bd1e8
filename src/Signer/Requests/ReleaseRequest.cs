using Fota.Manifest;
using Fota.Manifest.Encoding;
using Fota.Signer.Service;

namespace Fota.Signer.Requests;

/// <summary>A request, checked: what is missing, unknown or does not belong to its kind was refused.</summary>
internal sealed class ReleaseRequest
{
    /// <summary>Longest reason, in characters.</summary>
    public const int MaxReason = 1000;

    /// <summary>Longest bill of materials, in bytes.</summary>
    public const int MaxSbomBytes = 16 * 1024 * 1024;

    private const int MaxAttempt = 1000;

    private ReleaseRequest(RequestDocument document)
    {
        Kind = RequestNames.Kind(document.Kind);
        if (Kind == RequestKind.None)
        {
            throw Wrong("kind", "release, reissue or withdrawal", document.Kind);
        }

        Product = ProductName.TryParse(document.Product, out ProductName? product) ? product : throw Wrong("product", "a product name (a-z, 0-9 and '-')", document.Product);
        Version = ReleaseVersion.TryParse(document.Version, out ReleaseVersion? version) ? version : throw Wrong("version", "a version MAJOR.MINOR.PATCH", document.Version);
        bool isRelease = Kind == RequestKind.Release;
        Security = new SecurityVersion(Belongs("security_version", document.SecurityVersion, isRelease) ?? 0);
        IReadOnlyList<FileDocument?> images = Belongs("images", document.Images, isRelease) ?? [];
        if (isRelease && (images.Count is not (1 or 2) || images.Contains(null)))
        {
            throw Wrong("images", "one, or two for slots A and B", $"{images.Count}");
        }

        Images = [.. images.OfType<FileDocument>().Select(static (image, index) => new RequestedFile(ContentName.Image(index), image, DecodeLimits.ImageBytes))];

        Sbom = MayBelong("sbom", document.Sbom, isRelease) is { } sbom ? new RequestedFile(ContentName.Sbom, sbom, MaxSbomBytes) : null;
        InstallableFrom = MayBelong("installable_from", document.InstallableFrom, isRelease) is { } range ? VersionRange.Parse(range) : VersionRange.Any;
        GateOverride = MayBelong("override_gates", document.OverrideGates, Kind != RequestKind.Withdrawal) is { } gates ? GateOverride.Parse(gates) : GateOverride.None;
        Text = MayBelong("notes", document.Notes, isRelease) is { } notes ? ReleaseText.Of(new Dictionary<string, string>(StringComparer.Ordinal) { ["en"] = notes }) : null;
        Reason = Kind == RequestKind.Withdrawal ? DemandReason(document.Reason) : document.Reason is null ? null : DemandReason(document.Reason);
        if (document.Attempt is < 1 or > MaxAttempt)
        {
            throw Wrong("attempt", $"1 to {MaxAttempt}", $"{document.Attempt}");
        }

        // The first attempt may be said or not; it is the same request.
        Document = document.Attempt == 1 ? document with { Attempt = null } : document;
        Id = Sha256Digest.Of(Document.ToJson());
    }

    /// <summary>SHA-256 of the document: who asks for the same twice asks once.</summary>
    public Sha256Digest Id { get; }

    /// <summary>As it was written.</summary>
    public RequestDocument Document { get; }

    public RequestKind Kind { get; }

    public ProductName Product { get; }

    public ReleaseVersion Version { get; }

    public SecurityVersion Security { get; }

    public IReadOnlyList<RequestedFile> Images { get; }

    public RequestedFile? Sbom { get; }

    public VersionRange InstallableFrom { get; }

    public GateOverride GateOverride { get; }

    public ReleaseText? Text { get; }

    public string? Reason { get; }

    /// <summary>All that has to be sent beside it.</summary>
    public IEnumerable<RequestedFile> Contents => Sbom is null ? Images : Images.Append(Sbom);

    /// <summary>Checks a document.</summary>
    /// <exception cref="ServiceRefusalException">Something is missing, or is not of this kind of request.</exception>
    /// <exception cref="RejectedException">A version range, gates or notes are not of their form.</exception>
    public static ReleaseRequest Of(RequestDocument document) => new(document);

    /// <summary>A reason as people will read it: one line and no control characters.</summary>
    public static string DemandReason(string? reason) => reason is { Length: >= 1 and <= MaxReason } && !string.IsNullOrWhiteSpace(reason) && !reason.Any(char.IsControl)
        ? reason
        : throw Wrong("reason", $"1 to {MaxReason} characters without control characters", reason is null ? "none" : $"{reason.Length}");

    private static T? Belongs<T>(string field, T? value, bool belongs) => belongs && value is null
        ? throw Wrong(field, "it, for a release", "none")
        : MayBelong(field, value, belongs);

    private static T? MayBelong<T>(string field, T? value, bool belongs) => value is null || belongs
        ? value
        : throw Wrong(field, "none for this kind of request", "one");

    private static ServiceRefusalException Wrong(string field, string wanted, string got) => new(ServiceRefusal.Malformed, $"{field}: wanted {wanted}, got {got}");
}

/// <summary>A file that has to be sent: its digest and size are known before its first byte.</summary>
internal sealed class RequestedFile
{
    public RequestedFile(string name, FileDocument document, long max)
    {
        Name = name;
        Digest = Sha256Digest.TryParse(document.Digest, out Sha256Digest? digest)
            ? digest
            : throw new ServiceRefusalException(ServiceRefusal.Malformed, $"{name}: digest: wanted 64 lower-case hexadecimal digits, got \"{document.Digest}\"");
        Size = document.Size >= 1 && document.Size <= max
            ? document.Size
            : throw new ServiceRefusalException(ServiceRefusal.Malformed, $"{name}: size: wanted 1 to {max} bytes, got {document.Size}");
    }

    /// <summary>image-0, image-1 or sbom.</summary>
    public string Name { get; }

    public Sha256Digest Digest { get; }

    /// <summary>In bytes.</summary>
    public long Size { get; }
}

/// <summary>What the files beside a request are called.</summary>
internal static class ContentName
{
    public const string Sbom = "sbom";

    public static string Image(int index) => index == 0 ? "image-0" : "image-1";
}
