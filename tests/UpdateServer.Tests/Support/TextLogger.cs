using System.Text;
using Microsoft.Extensions.Logging;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Logs into a text, so that tests can say what must not be in it.</summary>
internal sealed class TextLogger(StringBuilder text) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (text)
        {
            text.AppendLine(formatter(state, exception)).AppendLine(exception?.ToString());
            if (logLevel >= LogLevel.Error)
            {
                TestContext.Progress.WriteLine($"server: {formatter(state, exception)} {exception}");
            }
        }
    }

    public void Dispose()
    {
    }
}
