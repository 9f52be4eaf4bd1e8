using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Roles;

/// <summary>A keyholder with `fota` and `fota-signer` on a machine of their own, and a signing service elsewhere: three processes, as people run them.</summary>
public sealed class CeremonyProgramTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Test]
    [Proves("H-12", "H-13")]
    public async Task A13_Keyholder_elsewhere_signs_a_ceremony_through_the_service()
    {
        using SignerSite site = await SignerSite.CreateAsync();
        string keyholder = site.Path("keyholder"), file = site.Path("raise.yaml");
        await site.RunAsync("approval", "home", "--home", keyholder, "--root", Path.Combine(site.Repository, "metadata/1.root.json"), "--settings", Path.Combine(site.Home, "signer.json"));
        await File.WriteAllTextAsync(file, "version: 1\nkind: change\nreason: A test.\nroles: [root]\nthreshold: 3\n");
        string digest = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file)));
        string begun = await site.RunAsync("ceremony", "run", file, "--home", site.Home, "--pin-dir", site.Path("pins"), "--keys", "root-1,root-2", "--ceremony", digest);

        await CertifyAsync(site, "service", "service", await ServerRequestAsync(site));
        await WriteIdentityAsync(site, new Uri("https://127.0.0.1:1/"));
        ProgramRun asked = await FotaAsync(site, "identity", "request", "--service", site.Path("kay.json"), "--name", "kay", "--out", site.Path("kay.csr"));
        Assert.That(asked.ExitCode, Is.Zero, asked.Error);
        await CertifyAsync(site, "people", "kay", await File.ReadAllTextAsync(site.Path("kay.csr")));
        await WriteServiceAsync(site);

        using Process service = Start(site);
        try
        {
            await WriteIdentityAsync(site, await AddressAsync(service));
            string change = begun.Split('\n').Single(static line => line.StartsWith("change: ", StringComparison.Ordinal))["change: ".Length..];
            string[] look = ["ceremony", "sign", "--service", site.Path("kay.json"), "--home", keyholder, "--ceremony", digest];
            string[] sign = ["ceremony", "sign", "--service", site.Path("kay.json"), "--home", keyholder, "--key", "root-3", "--pin-file", site.Pin("root-3"), "--change", change, "--ceremony"];
            ProgramRun other = await FotaAsync(site, [.. sign, new string('0', 64)]);
            Assert.That((other.ExitCode, other.ErrorLines[^1]), Is.EqualTo((1, "Fota.Cli: nothing was signed, and nothing was sent")), "it is not the file that the keyholder was told of");
            Assert.That((await FotaAsync(site, "ceremony", "show", "--service", site.Path("kay.json"))).Output, Does.EndWith("wanted: root 2: wanted 3 signatures by the keys of root 2, got 2; can sign: root-3\n"));
            ProgramRun seen = await FotaAsync(site, look);
            Assert.That((seen.ExitCode, seen.Output), Is.EqualTo((0, "")));
            Assert.That(seen.Error, Does.Contain("  + threshold of root: 3\n").And.Contain($"next: if that is what was agreed on, again with --change {change} "), "shown, and nothing signed");
            ProgramRun signed = await FotaAsync(site, [.. sign, digest]);
            Assert.That(signed.Output, Does.StartWith($"ceremony: {digest}\n").And.EndWith("complete: `fota-signer ceremony run` at the signer's puts it in force, with the PIN of the online token\n"), signed.Error);
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync();
        }

        Assert.That(await site.RunAsync("ceremony", "run", file, "--home", site.Home, "--pin-dir", site.Path("pins"), "--keys", "online", "--ceremony", digest), Does.Contain("\napplied: "));
    }

    private static async Task<string> ServerRequestAsync(SignerSite site)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(site.Path("service.key"), key.ExportPkcs8PrivateKeyPem());
        CertificateRequest request = new("CN=signer", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequestPem();
    }

    private static async Task CertifyAsync(SignerSite site, string profile, string name, string request)
    {
        await File.WriteAllTextAsync(site.Path(name + ".csr"), request);
        await site.RunAsync("ca", "issue", "--home", site.Home, "--profile", profile, "--csr", site.Path(name + ".csr"), "--out", site.Path(name + ".pem"), "--pin-file", site.Pin("ca"));
    }

    private static Task WriteIdentityAsync(SignerSite site, Uri service) => File.WriteAllTextAsync(site.Path("kay.json"), JsonSerializer.Serialize(new
    {
        service,
        authority = Path.Combine(site.Home, "ca", "service-ca.pem"),
        certificate = "kay.pem",
        unsafeKeyFile = "kay.key",
    }));

    private static Task WriteServiceAsync(SignerSite site) => File.WriteAllTextAsync(site.Path("service.json"), JsonSerializer.Serialize(new
    {
        layout = "development",
        listen = "127.0.0.1:0",
        tls = new { certificate = "service.pem", unsafeKeyFile = "service.key" },
        peopleCa = Path.Combine(site.Home, "ca", "people-ca.pem"),
        people = new[] { new { name = "kay", certificate = "kay.pem", roles = new[] { "ceremony" } } },
        pins = new { online = site.Pin("online"), release = site.Pin("release") },
    }));

    private static Task<ProgramRun> FotaAsync(SignerSite site, params string[] arguments) => ProgramRun.OfFileAsync(
        Path.Combine(AppContext.BaseDirectory, "Fota.Cli"),
        new Dictionary<string, string>(site.Environment, StringComparer.Ordinal) { ["FOTA_SIGNER"] = site.Path("bin/fota-signer") },
        arguments);

    private static Process Start(SignerSite site)
    {
        ProcessStartInfo start = new(site.Path("bin/fota-signer"), ["serve", "--home", site.Home, "--config", site.Path("service.json")]) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach ((string name, string value) in site.Environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<Uri> AddressAsync(Process service)
    {
        const string Word = "listening on ";
        using CancellationTokenSource limit = new(s_patience);
        string? line = await service.StandardOutput.ReadLineAsync(limit.Token);
        while (line?.StartsWith(Word, StringComparison.Ordinal) == false)
        {
            line = await service.StandardOutput.ReadLineAsync(limit.Token);
        }

        return new Uri((line ?? throw new InvalidOperationException("the service did not start"))[Word.Length..]);
    }
}
