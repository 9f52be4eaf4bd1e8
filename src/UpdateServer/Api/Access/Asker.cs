using System.Reflection;
using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Api.Access;

/// <summary>Who asks, as an endpoint's parameter: with the grants alone that the endpoint's row of the table takes.</summary>
internal sealed class Asker(Caller caller) : IBindableFromHttpContext<Asker>
{
    public Caller Caller { get; } = caller;

    public string Name => Caller.Name;

    public static ValueTask<Asker?> BindAsync(HttpContext context, ParameterInfo parameter) => ValueTask.FromResult<Asker?>(new Asker(context.Features.Get<Caller>()!));
}
