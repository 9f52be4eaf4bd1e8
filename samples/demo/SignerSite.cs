using System.Text.Json;
using Fota.Manifest;

namespace Fota.Samples.Demo;

/// <summary>The room with the release keys: one token each for three root keyholders, targets, release engineer, approver, online roles and CA.</summary>
public sealed class SignerSite(string programs, string directory)
{
    /// <summary>The product that the demonstration ships.</summary>
    public const string Product = "infusion-pump";

    private const string NewApprover = "second-approver", NewRoot = "root-4";

    // At the service: the build machine that asks for releases, and the person who approves them.
    private const string Builder = "ci", Approver = "bo";

    private static readonly string[] s_tokens = ["root-1", "root-2", "root-3", "targets", "release", "approver", "online", "ca"];

    /// <summary>Tokens and folder.</summary>
    public Site Site { get; } = new(directory);

    /// <summary>The signer's home.</summary>
    public string Home => Site.Path("home");

    private Tool Signer => new(Path.Combine(programs, "fota-signer"), Site.Environment);

    private Tool People => new(Path.Combine(programs, "fota"), Site.Environment);

    /// <summary>The approver's own home.</summary>
    private string ApproverHome => Site.Path("approver");

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

    /// <summary>
    /// Starts the signing service, which has the PINs of the online token and of the release engineers' one; gives the build machine and the approver certificates for
    /// it, with keys in tokens of their own; and makes the approver's home.
    /// </summary>
    public async Task<Service> StartServiceAsync(Uri server, string operatorToken, CancellationToken cancellation)
    {
        foreach (string token in new[] { "service", Builder, Approver })
        {
            Site.MakePin($"pins/{token}.pin");
            Site.MakePin($"pins/{token}.so-pin");
        }

        await WriteAsync("service.json", new
        {
            layout = "production",
            listen = "127.0.0.1:0",
            tls = new { certificate = "service.pem", pkcs11Module = Site.Module, tokenLabel = "service", keyLabel = "service-tls", pinFile = "pins/service.pin", soPinFile = "pins/service.so-pin" },
            peopleCa = "home/ca/people-ca.pem",
            people = new object[]
            {
                new { name = Builder, certificate = $"{Builder}.pem", roles = new[] { "submitter" } },
                new { name = Approver, certificate = $"{Approver}.pem", roles = new[] { "approver" }, releaseKeys = new[] { "approver" } },
            },
            pins = new { online = "pins/online.pin", release = "pins/release.pin" },
            publish = new { server, authority = "home/ca/service-ca.pem", tokenFile = operatorToken },
            renewalSeconds = 1,
        }, cancellation);
        await Signer.RunAsync(cancellation, "serve-tls-request", "--home", Home, "--config", Site.Path("service.json"), "--out", Site.Path("service.csr"));
        await IssueAsync("service", Site.Path("service.csr"), Site.Path("service.pem"), cancellation);
        foreach (string person in new[] { Builder, Approver })
        {
            await WriteIdentityAsync(person, new Uri("https://127.0.0.1/"), cancellation);
            await People.RunAsync(cancellation, "identity", "request", "--service", Site.Path($"{person}.json"), "--name", person, "--out", Site.Path($"{person}.csr"));
            await IssueAsync("people", Site.Path($"{person}.csr"), Site.Path($"{person}.pem"), cancellation);
        }

        await Signer.RunAsync(cancellation, "approval", "home", "--home", ApproverHome, "--settings", Path.Combine(Home, "signer.json"), "--root", Path.Combine(Home, "repository", "metadata", "1.root.json"));
        Service service = Signer.StartService(Site.Path("service.log"), "serve", "--home", Home, "--config", Site.Path("service.json"));
        string line = await Waiting.ForAsync("the signing service to listen", TimeSpan.FromSeconds(30), () => service.HasEnded
            ? throw new DemoFailedException($"the signing service ended: {string.Join(' ', service.Lines.TakeLast(3))}")
            : Task.FromResult(service.Lines.FirstOrDefault(static l => l.StartsWith("listening on https://", StringComparison.Ordinal))), cancellation);
        foreach (string person in new[] { Builder, Approver })
        {
            await WriteIdentityAsync(person, new Uri(line["listening on ".Length..]), cancellation);
        }

        return service;
    }

    /// <summary>The build machine asks for a release; gives the manifest digest that the approver is told.</summary>
    public async Task<string> CreateReleaseAsync(string version, int securityVersion, string image, CancellationToken cancellation)
    {
        string said = await People.RunAsync(cancellation, "release", "create", "--service", Site.Path($"{Builder}.json"), "--product", Product, "--version", version, "--security-version", $"{securityVersion}", "--image", image);
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

    /// <summary>The approver signs what was agreed upon, by its digest, with a key of their own, in a home of their own.</summary>
    public Task ApproveReleaseAsync(string version, string digest, CancellationToken cancellation) => People.RunAsync(
        cancellation, "release", "approve", "--service", Site.Path($"{Approver}.json"), "--home", ApproverHome, "--product", Product, "--version", version, "--manifest-digest", digest, "--pin-file", Pin("approver"));

    /// <summary>The build machine has it published: the service's key completes what the approver signed.</summary>
    public Task PublishReleaseAsync(string version, CancellationToken cancellation) =>
        People.RunAsync(cancellation, "release", "publish", "--service", Site.Path($"{Builder}.json"), "--product", Product, "--version", version);

    /// <summary>The CA answers a request for a certificate.</summary>
    public Task IssueAsync(string profile, string request, string certificate, CancellationToken cancellation) =>
        Signer.RunAsync(cancellation, "ca", "issue", "--home", Home, "--profile", profile, "--csr", request, "--out", certificate, "--pin-file", Pin("ca"));

    private Task WriteIdentityAsync(string person, Uri service, CancellationToken cancellation) => WriteAsync($"{person}.json", new
    {
        service,
        authority = "home/ca/service-ca.pem",
        certificate = $"{person}.pem",
        pkcs11Module = Site.Module,
        tokenLabel = person,
        keyLabel = "identity",
        pinFile = $"pins/{person}.pin",
        soPinFile = $"pins/{person}.so-pin",
    }, cancellation);

    private Task WriteAsync(string file, object content, CancellationToken cancellation) => File.WriteAllTextAsync(Site.Path(file), JsonSerializer.Serialize(content), cancellation);

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
