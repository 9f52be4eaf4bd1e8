using Fota.Shared;
using Fota.Signer;
using Fota.Signer.Commands;

return await CommandLineEntry.RunAsync(SignerCommandLine.Create(SignerHost.OfThisProcess()), args, SignerCommandLine.IsExpected);
