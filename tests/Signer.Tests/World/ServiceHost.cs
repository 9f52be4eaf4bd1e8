using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Fota.Signer.Tests;

/// <summary>A web application on the loopback address, behind TLS with a certificate that the world's service CA issued.</summary>
internal static class ServiceHost
{
    public static async Task<WebApplication> BuildAsync(SignerWorld world)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=server", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        await File.WriteAllTextAsync(world.PathOf("server.csr"), request.CreateSigningRequestPem());
        (await world.RunAsync("ca", "issue", "--home", world.Home, "--profile", "service", "--csr", world.PathOf("server.csr"), "--out", world.PathOf("server.pem"), "--pin-file", world.PinFile("ca"))).Ok();
        using X509Certificate2 issued = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(world.PathOf("server.pem")));
        X509Certificate2 certificate = issued.CopyWithPrivateKey(key);
        SignerWorld.WriteSecret(world.PathOf("token"), PublicationServer.Token + "\n");

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.UseHttps(certificate);
        }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        return builder.Build();
    }
}
