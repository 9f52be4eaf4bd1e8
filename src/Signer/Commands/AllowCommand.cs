using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Fota.Signer.Authority;
using Fota.Signer.Home;
using Fota.Signer.Log;

namespace Fota.Signer.Commands;

/// <summary>fota-signer ca allow: an operator's signed list says which new devices may have a certificate.</summary>
internal static class AllowCommand
{
    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> list = Arguments.Required("--list", "FILE", "The devices: JSON {\"devices\": [{\"device\", \"product\", \"keyId\"}]}.");
        Option<string> signature = Arguments.Required("--signature", "FILE", "The operator's detached CMS signature over the list, DER (`fota identity sign`, or `openssl cms -sign`).");
        Command command = new("allow", "Takes in an operator's signed list of new devices. They and nobody else get a first certificate when they ask through a server.") { home, list, signature };
        command.SetAction(async (arguments, cancellation) =>
        {
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            using SignerHome opened = await SignerHome.OpenAsync(folder, host, cancellation);
            LogRecovery.DemandWhole(opened);
            X509Certificate2Collection operators = [];
            if (!File.Exists(folder.Operators))
            {
                throw new SignerRefusalException($"{folder.Operators}: wanted the certificates of those who may sign enrolment lists, got no file");
            }

            operators.ImportFromPemFile(folder.Operators);
            using X509Certificate2 authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(folder.AuthorityCertificate("people"), cancellation));
            EnrolmentList verified = EnrolmentList.Verify(
                await File.ReadAllBytesAsync(arguments.GetRequiredValue(list), cancellation),
                await File.ReadAllBytesAsync(arguments.GetRequiredValue(signature), cancellation),
                operators,
                authority,
                host.Clock.GetUtcNow());
            if (opened.Revoked.IsRevoked("people", verified.OperatorSerial))
            {
                throw new SignerRefusalException($"enrolment list: wanted an operator with a certificate that holds, got {verified.Operator}, whose certificate was revoked");
            }

            int added = opened.Allowed.Take(verified);
            await host.Out.WriteLineAsync($"allowed: {added} devices more, by {verified.Operator}, list {verified.Digest}");
        });
        return command;
    }
}
