using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fota.Manifest;

namespace Fota.Signer.Tests;

/// <summary>What people do at the authorities of a world: certificates asked for and taken back, lists of devices, and a journal that is lost.</summary>
internal static class AuthorityWorld
{
    public const string Sha1 = "1.3.14.3.2.26", Sha256 = "2.16.840.1.101.3.4.2.1", Sha384 = "2.16.840.1.101.3.4.2.2", Sha512 = "2.16.840.1.101.3.4.2.3";

    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public static byte[] Request(string subject, ECDsa key) => new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequest();

    public static string Pump(int number) => $"OU={SignerWorld.Product}, CN=pump-{number:d4}";

    public static string IdOf(ECDsa key) => Sha256Digest.Of(key.ExportSubjectPublicKeyInfo()).ToString();

    /// <summary>A list, as an operator writes it.</summary>
    public static byte[] ListOf(params (string Device, string KeyId)[] devices) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        devices = devices.Select(static device => new { device = device.Device, product = SignerWorld.Product, keyId = device.KeyId }),
    });

    public static byte[] Sign(X509Certificate2 signer, byte[] list, string digest = Sha256, bool detached = true)
    {
        SignedCms cms = new(new ContentInfo(list), detached);
        cms.ComputeSignature(new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, signer) { DigestAlgorithm = new Oid(digest), IncludeOption = X509IncludeOption.EndCertOnly });
        return cms.Encode();
    }

    public static async Task<CommandResult> TryIssueAsync(this SignerWorld world, string subject, ECDsa key, string file, params string[] further)
    {
        await File.WriteAllTextAsync(world.PathOf("in.csr"), PemEncoding.WriteString("CERTIFICATE REQUEST", Request(subject, key)));
        string profile = subject.StartsWith("OU", StringComparison.Ordinal) ? "device" : "people";
        return await world.RunAsync(["ca", "issue", "--home", world.Home, "--profile", profile, "--csr", world.PathOf("in.csr"), "--out", world.PathOf(file), "--days", "40", "--pin-file", world.PinFile("ca"), .. further]);
    }

    public static async Task IssueAsync(this SignerWorld world, string subject, ECDsa key, string file) => (await world.TryIssueAsync(subject, key, file)).Ok();

    public static Task<CommandResult> RevokeAsync(this SignerWorld world, string file, string reason = "key-compromise") =>
        world.RunAsync("ca", "revoke", "--home", world.Home, "--certificate", world.PathOf(file), "--reason", reason);

    public static Task<CommandResult> ListAsync(this SignerWorld world, string profile = "device", params string[] further) =>
        world.RunAsync(["ca", "crl", "--home", world.Home, "--profile", profile, "--out", world.PathOf("list.pem"), "--pin-file", world.PinFile("ca"), .. further]);

    /// <summary>An operator of this home, with a certificate of the people's CA.</summary>
    public static async Task<X509Certificate2> OperatorAsync(this SignerWorld world, string name = "ops")
    {
        using ECDsa key = NewKey();
        await world.IssueAsync($"CN={name}", key, name + ".pem");
        using X509Certificate2 bare = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(world.PathOf(name + ".pem")));
        await File.WriteAllTextAsync(world.HomeFolder.Operators, bare.ExportCertificatePem());
        return bare.CopyWithPrivateKey(key);
    }

    public static Task<CommandResult> AllowAsync(this SignerWorld world, X509Certificate2 signer, params (string Device, ECDsa Key)[] devices)
    {
        byte[] list = ListOf([.. devices.Select(static device => (device.Device, IdOf(device.Key)))]);
        return world.TakeAsync(list, Sign(signer, list));
    }

    public static async Task<CommandResult> TakeAsync(this SignerWorld world, byte[] list, byte[] signature)
    {
        await File.WriteAllBytesAsync(world.PathOf("devices.json"), list);
        await File.WriteAllBytesAsync(world.PathOf("devices.p7s"), signature);
        return await world.RunAsync("ca", "allow", "--home", world.Home, "--list", world.PathOf("devices.json"), "--signature", world.PathOf("devices.p7s"));
    }

    /// <summary>What a server that shows these requests brings about.</summary>
    public static async Task<CommandResult> RenewAsync(this SignerWorld world, params (string Subject, ECDsa Key)[] requests)
    {
        await using EnrolmentServer server = await EnrolmentServer.StartAsync(world);
        return await world.RenewAsync(server, requests);
    }

    public static async Task<CommandResult> RenewAsync(this SignerWorld world, EnrolmentServer server, params (string Subject, ECDsa Key)[] requests)
    {
        server.Waiting.AddRange(requests.Select(static request => Request(request.Subject, request.Key)));
        return await world.RunAsync("ca", "renew", "--home", world.Home, "--server", server.Address.ToString(), "--token-file", world.PathOf("token"), "--pin-file", world.PinFile("ca"));
    }

    /// <summary>Asserts that a server that shows this request gets a refusal with this in it.</summary>
    public static async Task RenewalIsRefusedAsync(this SignerWorld world, string subject, ECDsa key, string why)
    {
        CommandResult result = await world.RenewAsync((subject, key));
        Assert.That(result.ExitCode, Is.EqualTo(1), result.Output);
        Assert.That(result.Error, Does.Contain("refused: request").And.Contains(why));
    }

    /// <summary>The journal is gone; what the log has is there.</summary>
    public static void LoseJournal(this SignerWorld world)
    {
        foreach (string file in Directory.GetFiles(world.Home, "journal.db*"))
        {
            File.Delete(file);
        }
    }
}
