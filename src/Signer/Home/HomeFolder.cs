using Fota.Manifest;
using Fota.Manifest.Keys;

namespace Fota.Signer.Home;

/// <summary>Where things are in a signer's home.</summary>
internal sealed class HomeFolder(string path)
{
    /// <summary>What the settings are called in a home.</summary>
    public const string SettingsName = "signer.json";

    /// <summary>What the proposal is called in the folder of a change.</summary>
    public const string ProposalName = "proposal.json";

    /// <summary>What a ceremony's file is called in the folder of a change.</summary>
    public const string CeremonyName = "ceremony.yaml";

    /// <summary>The folder of a change that holds the statements of a ceremony.</summary>
    public const string StatementsName = "statements";

    /// <summary>What the names of the transcripts of changes begin with.</summary>
    public const string ChangeTranscript = "change-";

    /// <summary>The home itself.</summary>
    public string Root { get; } = Path.GetFullPath(path);

    public string Settings => Path.Combine(Root, SettingsName);

    /// <summary>What keys may sign, where people have narrowed it.</summary>
    public string KeyPolicy => Path.Combine(Root, "key-policy.yaml");

    public string Journal => Path.Combine(Root, "journal.db");

    public string Lock => Path.Combine(Root, "lock");

    public string Keys => Path.Combine(Root, "keys");

    public string Authorities => Path.Combine(Root, "ca");

    /// <summary>The log, as it is served.</summary>
    public string Log => Path.Combine(Root, "log");

    public string Transcript => Path.Combine(Root, "transcript");

    public string Drafts => Path.Combine(Root, "drafts");

    /// <summary>What was sent beside requests, by their id.</summary>
    public string Requests => Path.Combine(Root, "requests");

    public string Withdrawals => Path.Combine(Root, "withdrawals");

    /// <summary>The change of roles that is on its way.</summary>
    public string Change => Path.Combine(Root, "change");

    public string Proposal => Path.Combine(Change, ProposalName);

    /// <summary>The file of the ceremony that asks for the change, where one does.</summary>
    public string CeremonyFile => Path.Combine(Change, CeremonyName);

    /// <summary>What the keys signed that take part in the ceremony that is on its way.</summary>
    public string Statements => Path.Combine(Change, StatementsName);

    /// <summary>A change that was decided; until it is gone, it counts more than what it replaces.</summary>
    public string Installing => Path.Combine(Root, "change.installing");

    public string Installed => Path.Combine(Root, "change.installed");

    public string Repository => Path.Combine(Root, "repository");

    public string DraftOf(ProductName product, ReleaseVersion version) => Path.Combine(Drafts, product.ToString(), version.ToString());

    /// <summary>Where the roles lie that an approver signed to take a release out.</summary>
    public string WithdrawalOf(ProductName product, ReleaseVersion version) => Path.Combine(Withdrawals, product.ToString(), version.ToString());

    public string AuthorityCertificate(string profile) => Path.Combine(Authorities, $"{profile}-ca.pem");

    /// <summary>The certificates of those who may sign enrolment lists.</summary>
    public string Operators => Path.Combine(Authorities, "operators.pem");

    /// <summary>The certificate of an authority's successor, from `ca make` to `ca switch`.</summary>
    public string NextAuthorityCertificate(string profile) => Path.Combine(Authorities, $"{profile}-ca.next.pem");

    /// <summary>The certificates of authorities that were switched from: PROFILE-KEYIDENTIFIER.pem.</summary>
    public string FormerAuthorities => Path.Combine(Authorities, "former");

    /// <summary>A key's public half, as it was recorded when it was made.</summary>
    public VerificationKey PublicKey(KeySettings key)
    {
        VerificationKey read = VerificationKey.FromPem(File.ReadAllText(PublicKeyFile(key.Label)));
        return string.Equals(read.Id.ToString(), key.KeyId, StringComparison.Ordinal)
            ? read
            : throw new SignerRefusalException($"{PublicKeyFile(key.Label)}: wanted key id {key.KeyId}, got {read.Id}");
    }

    public string PublicKeyFile(string label) => Path.Combine(Keys, label + ".pem");

    public SignerSettings ReadSettings() => (ReadIfThere(Path.Combine(Installing, "install", Path.GetFileName(Settings))) ?? ReadIfThere(Settings)) is { } json
        ? SignerSettings.Parse(json)
        : throw new SignerRefusalException($"{Root} is no signer's home: it has no signer.json; `fota-signer ceremony` makes one");

    private static byte[]? ReadIfThere(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
