using Fota.Manifest;

namespace Fota.Signer.Home;

/// <summary>Where things are in a signer's home.</summary>
internal sealed class HomeFolder(string path)
{
    /// <summary>The home itself.</summary>
    public string Root { get; } = Path.GetFullPath(path);

    public string Settings => Path.Combine(Root, "signer.json");

    public string Journal => Path.Combine(Root, "journal.db");

    public string Lock => Path.Combine(Root, "lock");

    public string Keys => Path.Combine(Root, "keys");

    public string Authorities => Path.Combine(Root, "ca");

    public string Transcript => Path.Combine(Root, "transcript");

    public string Drafts => Path.Combine(Root, "drafts");

    public string Repository => Path.Combine(Root, "repository");

    public string DraftOf(ProductName product, ReleaseVersion version) => Path.Combine(Drafts, product.ToString(), version.ToString());

    public string AuthorityCertificate(string profile) => Path.Combine(Authorities, $"{profile}-ca.pem");

    public SignerSettings ReadSettings() => File.Exists(Settings)
        ? SignerSettings.Parse(File.ReadAllBytes(Settings))
        : throw new SignerRefusalException($"{Root} is no signer's home: it has no signer.json; `fota-signer ceremony` makes one");
}
