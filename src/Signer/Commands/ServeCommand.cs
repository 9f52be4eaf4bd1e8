using System.CommandLine;
using Fota.Signer.Home;
using Fota.Signer.Service;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Fota.Signer.Commands;

/// <summary>fota-signer serve: the signing service.</summary>
internal static class ServeCommand
{
    public static Command Create(SignerHost host)
    {
        Option<string> home = Arguments.Home();
        Option<string> config = Arguments.Required("--config", "FILE", "The service's settings (JSON).");
        Command command = new("serve", "Serves people who ask for releases, approve and publish them; keeps the online roles fresh.") { home, config };
        command.SetAction(async (arguments, cancellation) =>
        {
            // Signals are listened to from the first await on; without this one, SIGTERM during the start would be a kill.
            await Task.Yield();
            HomeFolder folder = new(arguments.GetRequiredValue(home));
            ServiceSettings settings = ServiceSettings.Read(arguments.GetRequiredValue(config));
            await using SigningService service = await SigningService.StartAsync(host, folder, settings, LogToStandardError, cancellation);
            await host.Out.WriteLineAsync($"listening on {service.Address.GetLeftPart(UriPartial.Authority)}");
            await service.WaitAsync(cancellation);
        });
        return command;
    }

    /// <summary>fota-signer serve-tls-request.</summary>
    public static Command CreateTlsRequest()
    {
        Option<string> home = Arguments.Home();
        Option<string> config = Arguments.Required("--config", "FILE", "The service's settings (JSON).");
        Option<string> output = Arguments.Required("--out", "FILE", "Where the request goes (PEM).");
        Command command = new("serve-tls-request", "Makes the service's TLS key in its token, if it is not there, and a request for its certificate.") { home, config, output };
        command.SetAction((arguments, cancellation) => File.WriteAllTextAsync(arguments.GetRequiredValue(output), ServiceSettings.Read(arguments.GetRequiredValue(config)).Tls.Request(new HomeFolder(arguments.GetRequiredValue(home)).ReadSettings()), cancellation));
        return command;
    }

    // Standard output says where the service listens and what was signed, and nothing else.
    private static void LogToStandardError(ILoggingBuilder logging) => logging
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Quartz", LogLevel.Warning)
        .AddSimpleConsole(static console => (console.SingleLine, console.ColorBehavior, console.TimestampFormat, console.UseUtcTimestamp) = (true, LoggerColorBehavior.Disabled, "yyyy-MM-ddTHH:mm:ssZ ", true))
        .Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
