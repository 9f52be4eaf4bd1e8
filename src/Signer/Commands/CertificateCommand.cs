using Fota.Interop.Posix;
using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fota.Signer.Authority;
using Fota.Signer.Home;
using Fota.Signer.Keys;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ca: issue here, the others in files of their own.</summary>
internal static class CertificateCommand
{
    private const string Device = "device", Service = "service", People = "people";

    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> profile = Arguments.Required("--profile", "device|service|people", "What the certificate is for.").AcceptOnlyFromAmong(Device, Service, People);
        Option<string> csr = Arguments.Required("--csr", "FILE", "The PKCS#10 request, PEM.");
        Option<string> output = Arguments.Required("--out", "FILE", "Where the certificate goes, PEM.");
        Option<int?> days = Arguments.Days($"How long the certificate is good for (default, and at most: {ExaminedRequest.DeviceDays} for a device, {ExaminedRequest.ServiceDays} for a service or a person).");
        Option<bool> replace = new("--replace") { Description = "For a device that was remade: its name goes over to the key of this request." };
        Option<string?> pinFile = Arguments.PinFile();
        Command issue = new("issue", "Issues a certificate for a request that proves possession of its key.") { home, profile, csr, output, days, replace, pinFile };
        issue.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            SignerSettings settings = folder.ReadSettings();
            string wanted = arguments.GetRequiredValue(profile), pem = await File.ReadAllTextAsync(arguments.GetRequiredValue(csr), cancellation);
            ExaminedRequest request = wanted switch
            {
                Device => ExaminedRequest.ForDevice(pem, settings.Products.Select(static product => product.Name)),
                People => ExaminedRequest.ForPerson(pem),
                _ => ExaminedRequest.ForService(pem),
            };
            request = arguments.GetValue(days) is { } shorter ? request.ValidFor(shorter) : request;
            using X509Certificate2 authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(folder.AuthorityCertificate(wanted), cancellation));
            using OpenedKey key = OpenedKey.Open(host, folder, settings.Authority(wanted).Key, arguments.GetValue(pinFile));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            (X509Certificate2 certificate, string? replaced) = new Issuance(opened, new CertificateAuthority(opened.Signer, key.Token, key.Key), authority, wanted).Issue(request, arguments.GetValue(replace), host.Clock.GetUtcNow());
            using X509Certificate2 issued = certificate;
            DurableFile.Replace(Path.GetFullPath(arguments.GetRequiredValue(output)), Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
            await host.Out.WriteLineAsync($"issued: {request.Description}, until {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}");
            if (replaced is not null)
            {
                await host.Out.WriteLineAsync($"replaced: key {replaced}, whose certificate is good until it ends all the same");
            }
        });
        return new Command("ca", "The certificate authorities of devices, services and people.") { issue, RenewCommand.Create(host), AuthorityCommand.CreateMake(host), AuthorityCommand.CreateSwitch(host), RevocationCommand.CreateRevoke(host), RevocationCommand.CreateList(host), AllowCommand.Create(host), DisallowCommand.Create(host) };
    }
}
