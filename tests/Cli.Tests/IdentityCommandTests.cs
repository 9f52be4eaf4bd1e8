using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.TestKit;

namespace Fota.Cli.Tests;

/// <summary>One's own key in a token: it signs, and openssl believes it.</summary>
public sealed class IdentityCommandTests
{
    private const string Program = "Fota.Cli";

    private string _folder = "";

    [SetUp]
    public void Create() => _folder = Directory.CreateTempSubdirectory("fota-identity-").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [Test]
    [Proves("I-26")]
    public async Task P7_Cms_made_with_a_token_key_is_taken_by_openssl()
    {
        string identity = await IdentityAsync();
        await File.WriteAllTextAsync(At("devices.json"), "{\"devices\":[]}");
        Assert.That((await ProgramRun.OfAsync(Program, "identity", "sign", At("devices.json"), "--service", identity, "--out", At("devices.p7s"))).Error, Is.Empty);

        ProgramRun taken = await OpensslAsync("devices.json");
        await File.WriteAllTextAsync(At("other.json"), "{\"devices\":[1]}");
        ProgramRun refused = await OpensslAsync("other.json");

        Assert.That((taken.ExitCode, taken.Output), Is.EqualTo((0, "{\"devices\":[]}")), taken.Error);
        Assert.That((refused.ExitCode, refused.Error.Contains("verification failure", StringComparison.OrdinalIgnoreCase)), Is.EqualTo((4, true)), refused.Error);
    }

    private Task<ProgramRun> OpensslAsync(string content) => ProgramRun.OfFileAsync(
        "/usr/bin/openssl", null, "cms", "-verify", "-binary", "-inform", "DER", "-in", At("devices.p7s"), "-content", At(content), "-CAfile", At("ca.pem"), "-purpose", "any");

    /// <summary>A token with a key, and a certificate for it by an authority of the test's.</summary>
    private async Task<string> IdentityAsync()
    {
        string token = "cli-" + RandomNumberGenerator.GetHexString(6, lowercase: true);
        foreach (string secret in (string[])["pin", "so-pin"])
        {
            await File.WriteAllTextAsync(At(secret), secret + " of the token\n");
            File.SetUnixFileMode(At(secret), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        _ = SoftHsm.Shared;
        await File.WriteAllTextAsync(At("ops.json"), JsonSerializer.Serialize(new
        {
            service = "https://signer.example/",
            authority = "ca.pem",
            certificate = "ops.pem",
            pkcs11Module = SoftHsm.ModulePath,
            tokenLabel = token,
            keyLabel = "identity",
            pinFile = "pin",
            soPinFile = "so-pin",
        }));
        ProgramRun request = await ProgramRun.OfAsync(Program, "identity", "request", "--service", At("ops.json"), "--name", "ops", "--out", At("ops.csr"));
        Assert.That(request.ExitCode, Is.Zero, request.Error);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest authority = new("CN=People", key, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 ca = authority.CreateSelfSigned(now.AddHours(-1), now.AddDays(2));
        await File.WriteAllTextAsync(At("ca.pem"), ca.ExportCertificatePem());
        CertificateRequest own = CertificateRequest.LoadSigningRequestPem(await File.ReadAllTextAsync(At("ops.csr")), HashAlgorithmName.SHA256);
        own.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: true));
        using X509Certificate2 certificate = own.Create(ca, now.AddHours(-1), now.AddDays(1), [1, 2, 3]);
        await File.WriteAllTextAsync(At("ops.pem"), certificate.ExportCertificatePem());
        return At("ops.json");
    }

    private string At(string name) => Path.Combine(_folder, name);
}
