using System.Globalization;
using System.Text.Json;
using Fota.Manifest.Metadata;

namespace Fota.Manifest.Sbom;

/// <summary>
/// A software bill of materials that is well formed: CycloneDX 1.5 or 1.6, or SPDX 2.3, each as JSON. What it lists is its author's word; a release binds its digest, so
/// that the word cannot be changed.
/// </summary>
public sealed class SbomDocument
{
    /// <summary>Longest document, in bytes.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>Most components, however deep they are nested.</summary>
    public const int MaxComponents = 200_000;

    private const int MaxSubject = 128;

    // CycloneDX nests components and their properties; nobody's tool goes near this.
    private const int Depth = 64;

    private SbomDocument(SbomFormat format, string? name, string? version, int components, Sha256Digest digest)
    {
        Format = format;
        Name = name;
        Version = version;
        Components = components;
        Digest = digest;
    }

    /// <summary>The format and its version.</summary>
    public SbomFormat Format { get; }

    /// <summary>What it is the bill of; null where it does not say.</summary>
    public string? Name { get; }

    /// <summary>The version of that; null where it does not say. SPDX has no place for it.</summary>
    public string? Version { get; }

    /// <summary>How many components or packages it lists.</summary>
    public int Components { get; }

    /// <summary>SHA-256 of the file, which the manifest binds.</summary>
    public Sha256Digest Digest { get; }

    /// <summary>What it says it is the bill of, for people: its author's words, without control characters, cut at 128 characters.</summary>
    public string Subject => Name is null ? "what it does not name" : Printable(Version is null ? Name : $"{Name} {Version}");

    /// <summary>Whether it says that it is the bill of something else. One that names nothing does not; SPDX, which has no place for the version, has it behind the name.</summary>
    public bool IsOfAnother(ProductName product, ReleaseVersion version)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(version);
        string[] names = [$"{product}", $"{product}-{version}", $"{product} {version}"];
        return (Name is not null && !names.Contains(Name, StringComparer.Ordinal)) || (Version is not null && !string.Equals(Version, $"{version}", StringComparison.Ordinal));
    }

    private static string Printable(string text) => string.Concat(text.Take(MaxSubject).Select(static c => char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format ? '?' : c));

    /// <summary>Reads a document.</summary>
    public static Verdict<SbomDocument> Decode(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => Read(bytes));

    private static SbomDocument Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"SBOM: wanted at most {MaxBytes} bytes, got {bytes.Length}");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = Depth });
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("spdxVersion", out _) ? ReadSpdx(root, bytes) : ReadCycloneDx(root, bytes);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is JsonElement's answer to text that is not Unicode.
            throw new RejectedException(RejectionReason.Malformed, $"SBOM: wanted JSON with each member once, nested at most {Depth} deep, got something else");
        }
    }

    // CycloneDX 1.5 and 1.6, bom-1.x.schema.json: bomFormat and specVersion are required, and of a component its type and name.
    private static SbomDocument ReadCycloneDx(JsonElement root, ReadOnlyMemory<byte> bytes)
    {
        string format = root.Text("bomFormat"), specVersion = root.Text("specVersion");
        SbomFormat read = (format, specVersion) switch
        {
            ("CycloneDX", "1.5") => SbomFormat.CycloneDx15,
            ("CycloneDX", "1.6") => SbomFormat.CycloneDx16,
            _ => throw new RejectedException(RejectionReason.WrongDocument, "SBOM: wanted CycloneDX 1.5 or 1.6, or SPDX-2.3, got another format or version"),
        };
        string? name = null, version = null;
        if (root.TryGetProperty("metadata", out _) && root.Object("metadata") is var metadata && metadata.TryGetProperty("component", out _))
        {
            JsonElement component = metadata.Object("component");
            name = component.Text("name");
            version = component.TryGetProperty("version", out _) ? component.Text("version") : null;
        }

        int count = 0;
        CountComponents(root, ref count);
        return new SbomDocument(read, name, version, count, Sha256Digest.Of(bytes.Span));
    }

    private static void CountComponents(JsonElement parent, ref int count)
    {
        if (!parent.TryGetProperty("components", out _))
        {
            return;
        }

        foreach (JsonElement component in parent.Array("components").EnumerateArray())
        {
            _ = component.Text("type");
            _ = component.Text("name");
            DemandRoom(++count);
            CountComponents(component, ref count);
        }
    }

    // SPDX 2.3 clauses 6 and 7: what a document and a package must have.
    private static SbomDocument ReadSpdx(JsonElement root, ReadOnlyMemory<byte> bytes)
    {
        if (root.Text("spdxVersion") is not "SPDX-2.3" || root.Text("SPDXID") is not "SPDXRef-DOCUMENT")
        {
            throw new RejectedException(RejectionReason.WrongDocument, "SBOM: wanted CycloneDX 1.5 or 1.6, or SPDX-2.3, got another format or version");
        }

        _ = root.Text("dataLicense");
        _ = root.Text("documentNamespace");
        JsonElement creation = root.Object("creationInfo");
        _ = creation.Text("created");
        _ = creation.Texts("creators");
        int count = 0;
        foreach (JsonElement package in root.TryGetProperty("packages", out _) ? root.Array("packages").EnumerateArray() : default)
        {
            _ = package.Text("SPDXID");
            _ = package.Text("name");
            _ = package.Text("downloadLocation");
            DemandRoom(++count);
        }

        return new SbomDocument(SbomFormat.Spdx23, root.Text("name"), null, count, Sha256Digest.Of(bytes.Span));
    }

    private static void DemandRoom(int count)
    {
        if (count > MaxComponents)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"SBOM: wanted at most {MaxComponents} components, got more");
        }
    }
}

/// <summary>Formats of bills of materials.</summary>
public enum SbomFormat
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>CycloneDX 1.5, JSON.</summary>
    CycloneDx15 = 1,

    /// <summary>CycloneDX 1.6, JSON.</summary>
    CycloneDx16 = 2,

    /// <summary>SPDX 2.3, JSON.</summary>
    Spdx23 = 3,
}
