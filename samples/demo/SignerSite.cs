using Fota.Manifest;

namespace Fota.Samples.Demo;

/// <summary>The room with the release keys: one token each for three root keyholders, targets, release engineer, approver, online roles and CA.</summary>
public sealed class SignerSite(string programs, string directory)
{
    /// <summary>The product that the demonstration ships.</summary>
    public const string Product = "infusion-pump";

    private const string NewApprover = "second-approver", NewRoot = "root-4";

    private static readonly string[] s_tokens = ["root-1", "root-2", "root-3", "targets", "release", "approver", "online", "ca"];

    /// <summary>Tokens and folder.</summary>
    public Site Site { get; } = new(directory);

    /// <summary>The signer's home.</summary>
    public string Home => Site.Path("home");

    private Tool Signer => new(Path.Combine(programs, "fota-signer"), Site.Environment);

    private Tool People => new(Path.Combine(programs, "fota"), Site.Environment);

    /// <summary>Path of a token's PIN.</summary>
    public string Pin(string token) => Site.Path("pins", token + ".pin");

    /// <summary>Runs the root ceremony.</summary>
    public async Task HoldCeremonyAsync(string plan, CancellationToken cancellation)
    {
        foreach (string token in s_tokens)
        {
            Site.MakePin($"pins/{token}.pin");
            Site.MakePin($"pins/{token}.so-pin");
        }

        await Signer.RunAsync(cancellation, "ceremony", "--plan", plan, "--home", Home, "--pin-dir", Site.Path("pins"), "--module", Site.Module);
    }

    /// <summary>The release engineer prepares and signs; gives the manifest digest that the approver is told.</summary>
    public async Task<string> CreateReleaseAsync(string version, int securityVersion, string image, CancellationToken cancellation)
    {
        string said = await People.RunAsync(cancellation, "release", "create", "--home", Home, "--product", Product, "--version", version,
            "--security-version", $"{securityVersion}", "--image", image, "--pin-file", Pin("release"));
        string digest = said.Split('\n').Select(static l => l.Trim()).First(static l => l.StartsWith("manifest digest: ", StringComparison.Ordinal))["manifest digest: ".Length..];
        return Sha256Digest.Parse(digest).ToString();
    }

    /// <summary>A root key is replaced, and the product gets a second approver: signed by those who have to sign that, each with their own token.</summary>
    public async Task ReplaceKeysAsync(CancellationToken cancellation)
    {
        foreach (string key in new[] { NewRoot, NewApprover })
        {
            Site.MakePin($"pins/{key}.pin");
            Site.MakePin($"pins/{key}.so-pin");
            await Signer.RunAsync(cancellation, "key", "make", "--home", Home, "--label", key, "--token", key, "--pin-file", Pin(key), "--so-pin-file", Site.Path("pins", key + ".so-pin"));
        }

        await ChangeAsync(["--role", "root", "--add-key", NewRoot, "--remove-key", "root-1"], ["root-2", "root-3", NewRoot], cancellation);

        // Added, not replaced: the pumps' boot loaders hold the keys of their factory, until a release brings them others.
        await ChangeAsync(["--role", Product, "--add-key", NewApprover], ["targets", "release", "approver", NewApprover], cancellation);
    }

    /// <summary>The approver signs what was agreed upon, by its digest.</summary>
    public Task ApproveReleaseAsync(string version, string digest, CancellationToken cancellation) =>
        People.RunAsync(cancellation, "release", "approve", "--home", Home, "--product", Product, "--version", version, "--manifest-digest", digest, "--pin-file", Pin("approver"));

    /// <summary>The release engineer signs the list of releases that the approver signed.</summary>
    public Task PublishReleaseAsync(string version, CancellationToken cancellation) =>
        People.RunAsync(cancellation, "release", "publish", "--home", Home, "--product", Product, "--version", version, "--pin-file", Pin("release"));

    /// <summary>The CA answers a request for a certificate.</summary>
    public Task IssueAsync(string profile, string request, string certificate, CancellationToken cancellation) =>
        Signer.RunAsync(cancellation, "ca", "issue", "--home", Home, "--profile", profile, "--csr", request, "--out", certificate, "--pin-file", Pin("ca"));

    /// <summary>Keeps snapshot and timestamp fresh, and brings what is signed to the server.</summary>
    public Service StartOnline(Uri server, string operatorToken) => Signer.StartService(Site.Path("online.log"),
        "online", "--home", Home, "--server", server.ToString(), "--server-ca", Path.Combine(Home, "ca", "service-ca.pem"), "--token-file", operatorToken, "--interval-seconds", "1", "--pin-file", Pin("online"));

    private async Task ChangeAsync(IReadOnlyList<string> options, IReadOnlyList<string> signers, CancellationToken cancellation)
    {
        string said = await Signer.RunAsync(cancellation, ["role", "propose", "--home", Home, .. options]);
        string change = said.Split('\n').First(static l => l.StartsWith("change: ", StringComparison.Ordinal))["change: ".Length..];
        foreach (string signer in signers)
        {
            await Signer.RunAsync(cancellation, "role", "sign", "--home", Home, "--change", change, "--key", signer, "--pin-file", Pin(signer));
        }

        await Signer.RunAsync(cancellation, "role", "apply", "--home", Home, "--change", change, "--pin-file", Pin("online"));
    }

    /// <summary>A published envelope, as a factory gets it.</summary>
    public string EnvelopeOf(string version) =>
        System.IO.Directory.GetFiles(Path.Combine(Home, "repository", "targets", Product, version), "*.manifest.suit").Single();
}
